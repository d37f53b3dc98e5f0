"""What is asked for, known from settings and files alone: a finished study is recognised by it.

Nothing is parsed, fetched or loaded for it, and neither torch nor RDKit imported.
"""

from __future__ import annotations

from pathlib import Path

from w2s_mol import file_hashes, files
from w2s_mol._version import __version__
from w2s_mol.datasets.local_files import source_files
from w2s_mol.datasets.named import dataset_names, expand_datasets
from w2s_mol.datasets.rules import ROWS
from w2s_mol.encoders.identity import identity
from w2s_mol.encoders.names import PEER
from w2s_mol.encoders.peers import peer_of
from w2s_mol.manifest import versions
from w2s_mol.study.config import RESULTS_FORMAT, StudyConfig
from w2s_mol.supervisors.names import NUMBERS, leaves, members_of

_READING = ("rdkit", "pandas", "pyarrow", "openpyxl")
"""The packages whose versions may decide which molecules a table holds."""


def asked_for(config: StudyConfig) -> str:
    """Return a hash of what is asked for, or an empty text where that is not known so simply.

    Two studies with the same one are the same: it is of the settings, the content of all files
    that datasets and encoders are read from, this version and those of what reads molecules.
    """
    datasets = [_of_dataset(n, config) for name in config.dataset for n in expand_datasets(name)]
    datasets.append(_hashes([Path(name) for name in config.unlabelled if name != ROWS]))
    supervisors = [one for name in config.weak for one in leaves(name)]
    students = [one for name in config.strong for one in members_of(name) or [name]]
    if PEER in students:
        students += [peer for name in supervisors if (peer := peer_of(name))]
    readers = [_of_supervisor(name) for name in supervisors] + [identity(n) for n in students]
    if None in datasets or None in readers:
        return ""
    made_by = [__version__, RESULTS_FORMAT, versions(*_READING)]
    return files.sha256_json([made_by, config.as_toml(), datasets, readers])


def _of_supervisor(name: str) -> str | None:
    """Return what stands for one that is no combination; a number's content is its table's."""
    return name if name.startswith(NUMBERS) else identity(name)


def _of_dataset(name: str, config: StudyConfig) -> list[str] | None:
    found = source_files(name, () if name in dataset_names() else config.split_file)
    return None if found is None else _hashes(found)


def _hashes(paths: list[Path]) -> list[str] | None:
    if not all(path.is_file() for path in paths):
        return None
    hashes = file_hashes.known(paths)
    return [hashes[path] for path in paths]
