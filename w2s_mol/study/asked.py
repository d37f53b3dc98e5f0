"""What is asked for, known from settings and files alone: a finished study is recognised by it.

Nothing is parsed, fetched or loaded for it, and neither torch nor RDKit imported.
"""

from __future__ import annotations

from w2s_mol.study.config import StudyConfig


def asked_for(config: StudyConfig) -> str:
    """Return a hash of what is asked for, or an empty text where that is not known so simply.

    Two studies with the same one are the same: it is of the settings, the content of all files
    that datasets and encoders are read from, this version and that of what reads molecules.
    """
    return ""
