"""The 200 normalised RDKit descriptors that MolBERT was pretrained on.

Names, order and distribution functions are those of the public package ``descriptastorus``
(``RDKit2DNormalized``, version 1.0.0 of its property set). It evaluates one molecule at a time;
here the raw descriptors of many molecules are computed first, sharing what several of them need,
and each distribution function is applied once to the distinct values of a whole column. The
numbers are the same.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Chem import QED, rdMolDescriptors
from rdkit.Chem.EState import EState
from rdkit.ML.InfoTheory.rdInfoTheory import InfoEntropy

N_DESCRIPTORS = 200
_EXACT_IPC_ATOMS = 60

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


@dataclass(frozen=True)
class _Atoms:
    """What several descriptors ask of each atom, asked once (arrays of shape (n_atoms,))."""

    number: NDArray[np.int64]
    degree: NDArray[np.int64]
    hydrogens: NDArray[np.int64]
    charge: NDArray[np.int64]
    radicals: NDArray[np.int64]


@cache
def _outer_electrons() -> NDArray[np.int64]:
    table = Chem.GetPeriodicTable()
    return np.array([table.GetNOuterElecs(number) for number in range(119)])


@cache
def _principal_quantum_numbers() -> NDArray[np.int64]:
    return np.array([EState.GetPrincipleQuantumNumber(number) for number in range(119)])


def _atoms(mol: Chem.Mol) -> _Atoms:
    columns = [
        (
            atom.GetAtomicNum(),
            atom.GetDegree(),
            atom.GetTotalNumHs(),
            atom.GetFormalCharge(),
            atom.GetNumRadicalElectrons(),
        )
        for atom in mol.GetAtoms()
    ]
    return _Atoms(*np.array(columns).T)


def _share_estate(mol: Chem.Mol, atoms: _Atoms, distances: NDArray[np.float64]) -> None:
    """Compute the E-state indices once and leave them where RDKit's own functions look.

    Same formula as ``rdkit.Chem.EState.EStateIndices`` (Hall, Mohney and Kier, JCICS 31, 76-81,
    1991) with the double loop over atom pairs as one array expression.
    """
    shell = _principal_quantum_numbers()[atoms.number]
    valence = _outer_electrons()[atoms.number] - atoms.hydrogens
    # An atom without neighbours has no intrinsic state.
    intrinsic = np.where(
        atoms.degree > 0, (4.0 / shell**2 * valence + 1) / np.maximum(atoms.degree, 1), 0.0
    )
    distance = distances + 1
    reachable = distance < 1e6
    difference = intrinsic[:, None] - intrinsic[None, :]
    indices = intrinsic + np.sum(difference / distance**2 * reachable, axis=1)
    mol._eStateIndices = indices  # noqa: SLF001 -- RDKit's own cache


def _shared_values(
    mol: Chem.Mol, atoms: _Atoms, distances: NDArray[np.float64]
) -> dict[str, float]:
    """Compute the descriptors that RDKit's Python functions find by loops over the same atoms."""
    ends = np.array([(b.GetBeginAtomIdx(), b.GetEndAtomIdx()) for b in mol.GetBonds()], dtype=int)
    bonded = atoms.degree[atoms.degree > 0]
    rotatable_bonds = rdMolDescriptors.CalcNumRotatableBonds(mol)
    electrons = _outer_electrons()[atoms.number] - atoms.charge + atoms.hydrogens
    exact = {"Ipc": _ipc(distances)} if len(distances) <= _EXACT_IPC_ATOMS else {}
    return {
        **exact,
        "Chi0": np.sum(bonded**-0.5),
        "Chi1": np.sum(np.prod(atoms.degree[ends.reshape(-1, 2)], axis=1) ** -0.5),
        "NumRadicalElectrons": np.sum(atoms.radicals),
        "NumRotatableBonds": rotatable_bonds,
        "NumValenceElectrons": np.sum(electrons),
        "qed": _qed(mol, atoms, rotatable_bonds),
    }


def _ipc(distances: NDArray[np.float64]) -> float:
    """Compute the information content of the characteristic polynomial's coefficients.

    Equation 6 of Bonchev and Trinajstic, J. Chem. Phys. 67, 4517-4533 (1977), by the method of
    Le Verrier, Faddeev and Frame, as ``rdkit.Chem.GraphDescriptors.Ipc`` does; RDKit's keeps the
    adjacency matrix as booleans, which are converted anew at every product. The coefficients are
    whole numbers, exact in a float up to 60 atoms or so; beyond, the order of sums decides.
    """
    adjacency = (distances == 1).astype(np.float64)
    n = len(adjacency)
    coefficients = np.ones(n + 1)
    power = adjacency.copy()
    for k in range(1, n + 1):
        coefficients[k] = power.trace() / k
        power.flat[:: n + 1] -= coefficients[k]
        power = adjacency @ power
    coefficients = np.abs(coefficients)
    return float(coefficients.sum() * InfoEntropy(coefficients))


def _qed(mol: Chem.Mol, atoms: _Atoms, rotatable_bonds: int) -> float:
    """Compute the QED on the molecule itself, whose log P and surface RDKit has cached.

    RDKit's own function works on a copy without explicit hydrogens, and so computes them again;
    where there are none to take away, the copy is the same molecule.
    """
    if np.any(atoms.number == 1):
        return float(QED.qed(mol))
    properties = QED.QEDproperties(
        MW=rdMolDescriptors._CalcMolWt(mol),  # noqa: SLF001
        ALOGP=rdMolDescriptors.CalcCrippenDescriptors(mol)[0],
        HBA=sum(len(mol.GetSubstructMatches(acceptor)) for acceptor in QED.Acceptors),
        HBD=rdMolDescriptors.CalcNumHBD(mol),
        PSA=rdMolDescriptors.CalcTPSA(mol),
        ROTB=rotatable_bonds,
        AROM=len(Chem.GetSSSR(Chem.DeleteSubstructs(Chem.Mol(mol), QED.AliphaticRings))),
        ALERTS=sum(mol.HasSubstructMatch(alert) for alert in QED.StructuralAlerts),
    )
    return float(QED.qed(mol, qedProperties=properties))


def _shared(mol: Chem.Mol) -> dict[str, float]:
    """Share what can be shared; whatever fails is left to RDKit's own functions, one by one."""
    try:
        atoms = _atoms(mol)
        distances = Chem.GetDistanceMatrix(mol, useBO=False, useAtomWts=False)
        _share_estate(mol, atoms, distances)
        return _shared_values(mol, atoms, distances)
    except Exception:  # noqa: BLE001 -- RDKit raises errors of every kind
        return {}


def _raw_row(mol: Chem.Mol) -> list[float]:
    shared = _shared(mol)
    row = []
    for name, function in _functions().items():
        try:
            row.append(float(shared[name] if name in shared else function(mol)))
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
