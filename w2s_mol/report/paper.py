"""What the paper printed, to lay ours beside it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PrintedRow:
    """A row of Table 1 of Charikar et al. 2024: Lipop, MolBERT as the strong encoder."""

    hidden: int
    bound: float
    bound_std: float
    true_error: float
    true_error_std: float


TABLE_1 = (
    PrintedRow(96, 0.8969, 0.0327, 1.0713, 0.0489),
    PrintedRow(48, 0.9731, 0.0707, 1.1293, 0.0418),
    PrintedRow(24, 1.0331, 0.0449, 1.1204, 0.0261),
    PrintedRow(64, 1.0619, 0.0441, 1.1436, 0.0124),
    PrintedRow(32, 1.0624, 0.0527, 1.1302, 0.0220),
    PrintedRow(16, 1.1456, 0.0276, 1.1950, 0.0484),
    PrintedRow(12, 1.1499, 0.0177, 1.1869, 0.0297),
    PrintedRow(8, 1.1958, 0.0194, 1.2396, 0.0310),
)

EXPECTED_SLOPE = {
    "realizable": 1.0,
    "pretraining": 1.0,
    "perturbation": 1.0,
    "strong-to-weak-pretraining": -1.0,
    "strong-to-weak-perturbation": -1.0,
    "low-sample": -1.0,
}
"""The slope of gain on misfit that the paper's figures show, experiment by experiment."""
