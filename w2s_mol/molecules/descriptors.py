"""The 200 normalised RDKit descriptors that MolBERT was pretrained on.

Names, order and distribution functions are those of the public package ``descriptastorus``
(``RDKit2DNormalized``, version 1.0.0 of its property set). It evaluates one molecule at a time;
here the raw descriptors of many molecules are computed first, sharing the electrotopological
state that several of them need, and each distribution function is applied once to the distinct
values of a whole column. The numbers are the same.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Chem.EState import EState

N_DESCRIPTORS = 200

Descriptor = Callable[[Chem.Mol], float]


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold back Ctrl-C: descriptastorus catches everything while it is imported."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    struck = False

    def remember(*_: object) -> None:
        nonlocal struck
        struck = True

    before = signal.signal(signal.SIGINT, remember)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if struck:
        raise KeyboardInterrupt


@cache
def _reference() -> tuple[dict[str, Descriptor], dict[str, Callable[..., Any]]]:
    """Return the raw descriptor functions in order, and the distribution functions by name."""
    with _interrupts_held():
        from descriptastorus.descriptors import rdDescriptors, rdNormalizedDescriptors

    names = rdDescriptors.RDKIT_PROPS["1.0.0"]
    functions = {name: rdDescriptors.FUNCS_V1[name] for name in names}
    return functions, rdNormalizedDescriptors.cdfs


# These four recompute the E-state indices at every call unless told not to (``force``).
_SHARED_ESTATE: dict[str, Descriptor] = {
    "MaxEStateIndex": lambda mol: EState.MaxEStateIndex(mol, force=0),
    "MinEStateIndex": lambda mol: EState.MinEStateIndex(mol, force=0),
    "MaxAbsEStateIndex": lambda mol: EState.MaxAbsEStateIndex(mol, force=0),
    "MinAbsEStateIndex": lambda mol: EState.MinAbsEStateIndex(mol, force=0),
}


@cache
def _functions() -> dict[str, Descriptor]:
    return {**_reference()[0], **_SHARED_ESTATE}


def descriptor_names() -> list[str]:
    """Return the names of the 200 descriptors, in MolBERT's order."""
    return list(_reference()[0])


def _share_estate(mol: Chem.Mol) -> None:
    """Compute the E-state indices once and leave them where RDKit's own functions look.

    Same formula as ``rdkit.Chem.EState.EStateIndices`` (Hall, Mohney and Kier, JCICS 31, 76-81,
    1991) with the double loop over atom pairs as one array expression.
    """
    table = Chem.GetPeriodicTable()
    intrinsic = np.zeros(mol.GetNumAtoms())
    for index, atom in enumerate(mol.GetAtoms()):
        degree = atom.GetDegree()
        if degree > 0:
            number = atom.GetAtomicNum()
            shell = EState.GetPrincipleQuantumNumber(number)
            valence = table.GetNOuterElecs(number) - atom.GetTotalNumHs()
            intrinsic[index] = (4.0 / (shell * shell) * valence + 1) / degree
    distance = Chem.GetDistanceMatrix(mol, useBO=False, useAtomWts=False) + 1
    reachable = distance < 1e6
    difference = intrinsic[:, None] - intrinsic[None, :]
    indices = intrinsic + np.sum(difference / distance**2 * reachable, axis=1)
    mol._eStateIndices = indices  # noqa: SLF001 -- RDKit's own cache


def _raw_row(mol: Chem.Mol) -> list[float]:
    _share_estate(mol)
    row = []
    for function in _functions().values():
        try:
            row.append(float(function(mol)))
        except Exception:  # noqa: BLE001 -- RDKit raises errors of every kind
            row.append(np.nan)
    return row


def raw_descriptors(mols: Sequence[Chem.Mol]) -> NDArray[np.float64]:
    """Compute RDKit's 200 descriptors.

    Parameters
    ----------
    mols
        ``n`` sanitised molecules.

    Returns
    -------
    array of shape (n, 200)
        In each descriptor's own unit; NaN where RDKit cannot compute one.
    """
    rows = [_raw_row(mol) for mol in mols]
    return np.asarray(rows, dtype=np.float64).reshape(len(mols), N_DESCRIPTORS)


def normalize(raw: NDArray[np.float64]) -> NDArray[np.float64]:
    """Map raw descriptors to [0, 1] by ``descriptastorus``'s distribution functions.

    Parameters
    ----------
    raw
        Raw descriptors, shape (n, 200).

    Returns
    -------
    array of shape (n, 200)
        In [0, 1]; 0 where RDKit cannot compute the descriptor (partial charges of molecules
        with unusual elements, for example).
    """
    normalized = np.zeros_like(raw)
    cdfs = _reference()[1]
    for column, name in enumerate(descriptor_names()):
        values, inverse = np.unique(raw[:, column], return_inverse=True)
        normalized[:, column] = np.asarray(cdfs[name](values))[inverse]
    return np.nan_to_num(normalized, nan=0.0)


def normalized_descriptors(mols: Sequence[Chem.Mol]) -> NDArray[np.float64]:
    """Compute the 200 normalised descriptors of ``n`` molecules, shape (n, 200), in [0, 1]."""
    return normalize(raw_descriptors(mols))
