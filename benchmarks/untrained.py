"""Scales at which an untrained encoder does best: chosen on validation, then told on test.

A control should be the best that can be had without training. Encoders of several sizes and seeds
are drawn at every scale of a grid; ridge heads are fitted to the true labels of the train molecules
of the paper's three datasets, with ChemBench's splits, and the penalty and the scale are chosen on
the validation molecules. The score of a scale is the mean, over datasets, sizes, seeds and splits,
of log(validation error / validation error of BERT's own initialisation). All scales are tried on
the small encoders, the best of them on the large one, and the choice is the best on all sizes.
Test errors are looked at once, of the choice, beside BERT's own and the pretrained encoders.
"""

from __future__ import annotations

import argparse
import itertools
import math
from collections.abc import Iterable
from statistics import fmean

import numpy as np
import torch
from common import mirror_or_none, report
from rdkit import RDLogger
from transformers import BertModel

from w2s_mol.datasets.dataset import Dataset
from w2s_mol.datasets.loading import load_dataset
from w2s_mol.datasets.named import PAPER_DATASETS
from w2s_mol.encoders.names import shipped_encoders, shipped_strong_encoders
from w2s_mol.encoders.random_bert import BERT_FAMILY, FAMILY, SCALES, Scales, shape_of, untrained
from w2s_mol.encoders.transformer import equal_length_batches, pool
from w2s_mol.heads.matrix import InMemory
from w2s_mol.heads.ridge import fit_ridge
from w2s_mol.molecules.smiles import standardize
from w2s_mol.molecules.vocabulary import token_ids

POSITIONS = (0.1, 0.3, 1.0, 3.0)
ATTENTION = (0.5, 1.0, 2.0, 4.0)
FEED_FORWARD = (0.5, 1.0, 2.0, 4.0)
SMALL = {f"h{hidden}": (0, 1) for hidden in (8, 32, 96)}
LARGE = {"h256-l6": (0,)}
"""Seeds by size."""
FINALISTS = 6
SEEDS = (0, 1, 2)
"""Of the encoders whose test errors are told."""


class Errors:
    """Validation and test errors of models, on every dataset and split."""

    def __init__(self) -> None:
        mirror = mirror_or_none()
        self._datasets = [load_dataset(name, mirror=mirror) for name in PAPER_DATASETS]
        self._tokens = [[token_ids(standardize(s)) for s in d.smiles] for d in self._datasets]

    def of(self, model: BertModel) -> dict[str, tuple[float, float]]:
        """Return by dataset the mean errors over splits on validation and test."""
        return {
            dataset.name: _errors(dataset, _vectors(model, tokens))
            for dataset, tokens in zip(self._datasets, self._tokens, strict=True)
        }


def _vectors(model: BertModel.nn.Module, tokens: list[list[int]]) -> np.ndarray:
    found = np.empty((len(tokens), 2 * model.config.hidden_size), dtype=np.float32)
    model.eval()
    with torch.inference_mode():
        for batch in equal_length_batches(tokens, 2_048):
            out = model(input_ids=torch.tensor([tokens[i] for i in batch]))
            found[batch] = pool(out.last_hidden_state, out.pooler_output, "mean+pooled").numpy()
    return found


def _errors(dataset: Dataset, vectors: np.ndarray) -> tuple[float, float]:
    features, truth = InMemory(vectors), dataset.labels[:, None]
    every = []
    for split in dataset.splits:
        head = fit_ridge(features, truth, split.train, split.valid)
        apart = head.predict(vectors) - truth
        every.append([float((apart[rows] ** 2).mean()) for rows in (split.valid, split.test)])
    valid, test = np.mean(every, axis=0)
    return float(valid), float(test)


class Grid:
    """Scores of scales, each computed once."""

    def __init__(self, errors: Errors) -> None:
        self._errors = errors
        self._usual: dict[str, dict[str, tuple[float, float]]] = {}

    def score(self, scales: Scales, sizes: dict[str, tuple[int, ...]]) -> dict[str, float]:
        """Return by size the mean log of the validation error over that of BERT's own."""
        found = {}
        for size, seeds in sizes.items():
            ratios = []
            for seed in seeds:
                shape = shape_of(f"{FAMILY}-{size}-s{seed}")
                name = f"{size}-{seed}"
                if name not in self._usual:
                    self._usual[name] = self._errors.of(untrained(shape, None))
                mine, usual = self._errors.of(untrained(shape, scales)), self._usual[name]
                ratios += [math.log(mine[d][0] / usual[d][0]) for d in mine]
            found[size] = fmean(ratios)
        return found


def chosen(errors: Errors) -> Scales:
    """Print the grid's table and return the best scales."""
    grid = Grid(errors)
    every = [
        Scales(1.0, *scales) for scales in itertools.product(POSITIONS, ATTENTION, FEED_FORWARD)
    ]
    scored = {scales: grid.score(scales, SMALL) for scales in every}
    ranked = sorted(every, key=lambda scales: fmean(scored[scales].values()))
    for scales in dict.fromkeys([*ranked[:FINALISTS], Scales()]):
        scored[scales] |= grid.score(scales, LARGE)
    sizes = [*SMALL, *LARGE]
    print("\nValidation error over that of BERT's own initialisation, geometric mean\n")
    print(f"| positions | attention | feed-forward | {' | '.join(sizes)} | all |")
    print("| ---: " * (4 + len(sizes)) + "|")
    for scales in ranked:
        of_size = [math.exp(score) for score in scored[scales].values()]
        cells = [f"{ratio:.3f}" for ratio in of_size] + [""] * (len(sizes) - len(of_size))
        whole = math.exp(fmean(scored[scales].values())) if len(of_size) == len(sizes) else None
        print(
            f"| {scales.positions:g} | {scales.attention:g} | {scales.feed_forward:g} | "
            f"{' | '.join(cells)} | {'' if whole is None else f'{whole:.3f}'} |"
        )
    finalists = [scales for scales in ranked if len(scored[scales]) == len(sizes)]
    return min(finalists, key=lambda scales: fmean(scored[scales].values()))


def test_table(errors: Errors, scales: Scales) -> None:
    """Print test errors of the choice, of BERT's own initialisation and of pretrained encoders."""
    pretrained = {**shipped_encoders(), **shipped_strong_encoders()}
    print("\nTest error, mean over splits and seeds (each seed's in brackets)\n")
    print("| size | encoder | " + " | ".join(PAPER_DATASETS) + " |")
    print("| --- | --- |" + " ---: |" * len(PAPER_DATASETS))
    for size in [*SMALL, *LARGE]:
        kind = "strong" if size in LARGE else "weak"
        folders = [pretrained.get(f"{kind}-{size}-s{seed}") for seed in SEEDS]
        shapes = [shape_of(f"{FAMILY}-{size}-s{seed}") for seed in SEEDS]
        _row(errors, size, "pretrained", (BertModel.from_pretrained(f) for f in folders if f))
        _row(errors, size, f"untrained, {FAMILY}", (untrained(s, scales) for s in shapes))
        _row(errors, size, f"untrained, {BERT_FAMILY}", (untrained(s, None) for s in shapes))


def _row(errors: Errors, size: str, what: str, models: Iterable[BertModel]) -> None:
    each = [errors.of(model) for model in models]
    cells = []
    for dataset in PAPER_DATASETS:
        found = [one[dataset][1] for one in each]
        cells.append(f"{fmean(found):.3f} ({', '.join(f'{error:.3f}' for error in found)})")
    print(f"| {size} | {what} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--test-only", action="store_true", help="leave out the grid: test errors of the choice"
    )
    arguments = parser.parse_args()
    RDLogger.DisableLog("rdApp.*")
    errors = Errors()
    shipped = SCALES[FAMILY]
    assert shipped is not None
    best = shipped if arguments.test_only else chosen(errors)
    test_table(errors, best)
    same = "as shipped" if best == shipped else f"NOT AS SHIPPED: {shipped}"
    report("The scales of untrained encoders", [f"{best}, {same}"], [])


if __name__ == "__main__":
    main()
