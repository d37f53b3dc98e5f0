"""Scales at which an untrained encoder does best, chosen on validation.

A control should be the best that can be had without training. Encoders of several sizes and seeds
are drawn at every scale of a grid; ridge heads are fitted to the true labels of the train molecules
of the paper's three datasets, with ChemBench's splits, and the penalty and the scale are chosen on
the validation molecules. The score of a scale is the mean, over datasets, sizes, seeds and splits,
of log(validation error / validation error of BERT's own initialisation). All scales are tried on
the small encoders, the best of them on the large one, and the choice is the best on all sizes.
No test error is looked at here: benchmarks/pretraining_adds.py tells those of the choice.
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
from w2s_mol.encoders.random_bert import FAMILY, SCALES, Scales, shape_of, untrained
from w2s_mol.encoders.transformer import equal_length_batches, pool
from w2s_mol.heads.matrix import InMemory
from w2s_mol.heads.ridge import fit_ridge
from w2s_mol.molecules.smiles import standardize
from w2s_mol.molecules.vocabulary import token_ids

POSITIONS = (0.1, 0.3, 1.0)
ATTENTION = (0.25, 0.5, 1.0, 2.0)
FEED_FORWARD = (0.25, 0.5, 1.0, 2.0)
SMALL = {f"h{hidden}": (0, 1) for hidden in (8, 32, 96)}
LARGE = {"h256-l6": (0,)}
"""Seeds by size."""
FINALISTS = 3


class Errors:
    """Validation errors of models on every dataset."""

    def __init__(self) -> None:
        mirror = mirror_or_none()
        self._datasets = [load_dataset(name, mirror=mirror) for name in PAPER_DATASETS]
        self._tokens = [[token_ids(standardize(s)) for s in d.smiles] for d in self._datasets]

    def of(self, model: BertModel) -> dict[str, float]:
        """Return by dataset the mean validation error over splits."""
        return {
            dataset.name: _error(dataset, _vectors(model, tokens))
            for dataset, tokens in zip(self._datasets, self._tokens, strict=True)
        }


def _vectors(model: BertModel, tokens: list[list[int]]) -> np.ndarray:
    found = np.empty((len(tokens), 2 * model.config.hidden_size), dtype=np.float32)
    model.eval()
    with torch.inference_mode():
        for batch in equal_length_batches(tokens, 2_048):
            out = model(input_ids=torch.tensor([tokens[i] for i in batch]))
            found[batch] = pool(out.last_hidden_state, out.pooler_output, "mean+pooled").numpy()
    return found


def _error(dataset: Dataset, vectors: np.ndarray) -> float:
    features, truth = InMemory(vectors), dataset.labels[:, None]
    every = []
    for split in dataset.splits:
        head = fit_ridge(features, truth, split.train, split.valid)
        apart = head.predict(vectors[split.valid]) - truth[split.valid]
        every.append(float((apart**2).mean()))
    return fmean(every)


class Grid:
    """Scores of scales, each computed once."""

    def __init__(self, errors: Errors) -> None:
        self._errors = errors
        self._usual: dict[str, dict[str, float]] = {}

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
                ratios += [math.log(mine[d] / usual[d]) for d in mine]
            found[size] = fmean(ratios)
        return found


def chosen(errors: Errors, every: Iterable[Scales], finalists: int) -> Scales:
    """Print the grid's table and return the best scales."""
    grid = Grid(errors)
    scored: dict[Scales, dict[str, float]] = {}
    print("Validation error over that of BERT's own initialisation, geometric mean\n")
    print(f"| positions | attention | feed-forward | {' | '.join([*SMALL, *LARGE])} | all |")
    print("| ---: " * (4 + len(SMALL) + len(LARGE)) + "|")
    for scales in every:
        scored[scales] = grid.score(scales, SMALL)
        print(_row(scales, scored[scales]), flush=True)
    best = sorted(scored, key=lambda scales: fmean(scored[scales].values()))[:finalists]
    for scales in best:
        scored[scales] |= grid.score(scales, LARGE)
        print(_row(scales, scored[scales]), flush=True)
    return min(best, key=lambda scales: fmean(scored[scales].values()))


def _row(scales: Scales, scores: dict[str, float]) -> str:
    cells = [f"{math.exp(scores[size]):.3f}" if size in scores else "" for size in (*SMALL, *LARGE)]
    whole = f"{math.exp(fmean(scores.values())):.3f}" if {*LARGE} <= {*scores} else ""
    of = f"{scales.positions:g} | {scales.attention:g} | {scales.feed_forward:g}"
    return f"| {of} | {' | '.join(cells)} | {whole} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--positions", type=float, nargs="+", default=POSITIONS)
    parser.add_argument("--attention", type=float, nargs="+", default=ATTENTION)
    parser.add_argument("--feed-forward", type=float, nargs="+", default=FEED_FORWARD)
    parser.add_argument("--finalists", type=int, default=FINALISTS)
    of = parser.parse_args()
    RDLogger.DisableLog("rdApp.*")
    grid = itertools.product(of.positions, of.attention, of.feed_forward)
    best = chosen(Errors(), (Scales(1.0, *scales) for scales in grid), of.finalists)
    shipped = SCALES[FAMILY]
    same = "as shipped" if best == shipped else f"NOT AS SHIPPED: {shipped}"
    report("The scales of untrained encoders", [f"{best}, {same}"], [])


if __name__ == "__main__":
    main()
