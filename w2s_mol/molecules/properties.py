"""RDKit's descriptors by their names, one at a time: its own functions, in their own units."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from functools import cache

import numpy as np
from rdkit import Chem, rdBase

from w2s_mol.errors import InputError
from w2s_mol.molecules.smiles import MoleculeError, parse

_MOST = 1e150
"""Beyond it a value's square overflows in float64."""


@cache
def _functions() -> dict[str, Callable[[Chem.Mol], float]]:
    from rdkit.Chem import Descriptors

    return dict(Descriptors._descList)  # noqa: SLF001 -- RDKit has no other list of them


def check_property(name: str) -> None:
    """Raise InputError, with the nearest names, if RDKit has no descriptor of a name."""
    if name not in _functions():
        spelt = {known.lower(): known for known in _functions()}
        near = difflib.get_close_matches(name.lower(), spelt, n=3, cutoff=0.4)
        guess = f" Did you mean {', '.join(spelt[one] for one in near)}?" if near else ""
        raise InputError(
            f"unknown RDKit descriptor {name!r}.{guess} It should be one of the {len(spelt)} names "
            "in rdkit.Chem.Descriptors, such as MolLogP or TPSA."
        )


def property_values(name: str, smiles: Sequence[str]) -> Iterator[float]:
    """Yield a descriptor of each of some molecules; NaN where RDKit gives no finite number.

    Examples
    --------
    >>> list(property_values("HeavyAtomCount", ["CCO", "C"]))
    [3.0, 1.0]
    """
    function = _functions()[name]
    with rdBase.BlockLogs():
        for one in smiles:
            yield _value(function, one)


def _value(function: Callable[[Chem.Mol], float], smiles: str) -> float:
    try:
        mol = parse(smiles)
    except MoleculeError:
        return np.nan
    try:
        value = float(function(mol))
    except Exception:  # noqa: BLE001 -- RDKit raises errors of every kind
        return np.nan
    return value if abs(value) < _MOST else np.nan
