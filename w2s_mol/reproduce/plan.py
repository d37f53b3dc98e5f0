"""What a reproduction will run, and what it cannot: decided before anything runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from w2s_mol.datasets.fetch import is_at_hand, resolve_mirror
from w2s_mol.datasets.named import PAPER_DATASETS
from w2s_mol.encoders.names import (
    MOLBERT,
    PEER,
    SELF,
    shipped_encoders,
    shipped_metadata,
    shipped_strong_encoders,
)
from w2s_mol.study.config import StudyConfig
from w2s_mol.synthetic.config import SyntheticConfig

_FIXED = "rdkit2d"
_RANDOM_STRONG = tuple(f"random-h256-l6-s{seed}" for seed in range(3))
_PERMUTATIONS = (0, 1, 2)
_CONVEX_SEEDS = (0, 1, 2, 3, 4)
_MLP_EXPERIMENTS = ("realizable", "pretraining", "perturbation")
_MLP_EPOCHS = 200
_PAPERS_CORPUS = 1_270_000


@dataclass(frozen=True)
class Step:
    """One run of a reproduction.

    Attributes
    ----------
    name
        Of its folder.
    what
        In words.
    config
        Of the run.
    """

    name: str
    what: str
    config: StudyConfig | SyntheticConfig


@dataclass(frozen=True)
class Plan:
    """All runs of a reproduction in order, and what of the paper is missing."""

    steps: tuple[Step, ...]
    gaps: tuple[str, ...]


def make_plan(mirror: str | None = None, offline: bool = False) -> Plan:
    """Decide what can be run with what is at hand; nothing is fetched or run.

    Parameters
    ----------
    mirror, offline
        As in ``fetch``. Datasets that are not here will be fetched; with ``offline`` they are
        left out unless a mirror folder has them. MolBERT is used only if it is here already.

    Raises
    ------
    InputError
        If the mirror is no folder.
    """
    mirror = resolve_mirror(mirror)
    gaps = []
    datasets = [name for name in PAPER_DATASETS if not offline or is_at_hand(name, mirror)]
    if missing := [name for name in PAPER_DATASETS if name not in datasets]:
        gaps.append(
            f"{', '.join(missing)}: not here, and --offline refuses the network. Left out; run "
            "without --offline, or with --mirror, to have them."
        )
    strong, gap = _strong(mirror)
    gaps += [gap] if gap else []
    gaps += _weak_gaps()
    steps = _synthetic_steps()
    if datasets and shipped_encoders():
        steps += _study_steps(tuple(datasets), strong)
    return Plan(tuple(steps), tuple(gaps))


def _strong(mirror: str | None) -> tuple[str, str | None]:
    """Return the strong encoder to use and, if it is not the paper's, why."""
    if is_at_hand(MOLBERT, mirror):
        return MOLBERT, None
    why = (
        "MolBERT's weights are not here, and are not fetched unasked ('w2s-mol data fetch molbert')"
    )
    compact = list(shipped_strong_encoders())
    if compact:
        return compact[0], f"{why}: {compact[0]} used instead."
    return _FIXED, (
        f"{why}, and no pretrained strong encoder is shipped here: the 200 RDKit descriptors "
        f"({_FIXED}) used instead. Figures 2d to 2f and Table 1 are therefore of another strong "
        "representation than the paper's."
    )


def _weak_gaps() -> list[str]:
    seen = {made["molecules"] for made in shipped_metadata()}
    if not seen:
        return ["There are no shipped weak encoders here: the studies of molecules are left out."]
    if max(seen) >= _PAPERS_CORPUS:
        return []
    few = f"The weak encoders saw {max(seen):,} molecules of a ChEMBL corpus twice"
    return [f"{few}; the paper's saw about {_PAPERS_CORPUS:,} of GuacaMol's twice."]


def _synthetic_steps() -> list[Step]:
    return [
        Step(
            "synthetic-exact",
            "Figures 2a to 2c and 3a to 3c: six synthetic experiments, exact heads, five seeds.",
            SyntheticConfig(seeds=_CONVEX_SEEDS),
        ),
        Step(
            "synthetic-mlp",
            "Appendix C: three synthetic experiments with a finetuning class that is not convex, "
            f"heads by AdamW for {_MLP_EPOCHS} epochs (the default is 1,000), one seed.",
            SyntheticConfig(experiment=_MLP_EXPERIMENTS, head="mlp", head_epochs=_MLP_EPOCHS),
        ),
    ]


def _study_steps(datasets: tuple[str, ...], strong: str) -> list[Step]:
    names = ", ".join(datasets)

    def step(name: str, what: str, **settings: Any) -> Step:
        config = StudyConfig(dataset=datasets, on_invalid="skip", **settings)
        return Step(name, f"{what} ({names}).", config)

    steps = [
        step(strong, f"Figures 2d to 2f and Table 1, strong encoder {strong}", strong=strong),
        step(
            f"{strong}-random-weak",
            "Control: weak encoders with random weights",
            strong=strong,
            weak=("random",),
        ),
        step(
            f"{strong}-random-bert-weak",
            "Control: weak encoders with random weights as BERT is initialised",
            strong=strong,
            weak=("random-bert",),
        ),
        *(
            step(
                f"{strong}-shuffled-{seed}",
                f"Control: weak labels permuted, permutation {seed}",
                strong=strong,
                shuffle_weak_labels=True,
                seed=seed,
            )
            for seed in _PERMUTATIONS
        ),
        step(
            "peer", "Control: every weak encoder supervises another seed of its size", strong=PEER
        ),
        step("self", "Control: every weak encoder supervises itself", strong=SELF),
        step(
            "random-strong",
            f"Control: strong encoders with random weights, {', '.join(_RANDOM_STRONG)}",
            strong=_RANDOM_STRONG,
        ),
    ]
    if strong != _FIXED:
        steps.append(step(_FIXED, "A second strong representation, 200 descriptors", strong=_FIXED))
    return steps
