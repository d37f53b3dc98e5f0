"""``python -m w2s_mol``."""

from w2s_mol.cli.main import main

if __name__ == "__main__":
    main()
