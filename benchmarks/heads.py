"""All ridge fits of a whole study, against one scikit-learn Ridge per penalty, supervisor, split.

Strong features of dimension 1536 are random, of the three datasets' sizes; labels are those of
eight supervisors. Both sides find the error on the validation and test molecules at every penalty
of the path. scikit-learn gets standardised features, as ours standardises them within.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from common import Claim, report
from sklearn.linear_model import Ridge

from w2s_mol.heads.linear import Scaler
from w2s_mol.heads.matrix import InMemory
from w2s_mol.heads.penalties import PENALTIES
from w2s_mol.heads.ridge import RidgePath

SIZES = {"esol": (902, 113, 113), "freesolv": (513, 64, 65), "lipop": (3360, 420, 420)}
N_SPLITS, N_WEAK, DIMENSION = 3, 8, 1536


def problem(sizes: tuple[int, int, int], seed: int):
    """Return features and the supervisors' labels, of training molecules first, then of others."""
    generator = np.random.default_rng(seed)
    n, others = sizes[0], sizes[1] + sizes[2]
    # Correlated features with a decaying spectrum, as embeddings have.
    mixing = generator.normal(size=(256, DIMENSION)) * np.geomspace(1, 1e-2, 256)[:, None]
    hidden = generator.normal(size=(n + others, 256))
    features = hidden @ mixing + 0.05 * generator.normal(size=(n + others, DIMENSION))
    labels = hidden @ generator.normal(size=(256, N_WEAK)) * 0.1
    labels = labels + 0.1 * generator.normal(size=labels.shape)
    return features.astype(np.float32), labels


def ours(features, labels, learn, others) -> tuple[RidgePath, np.ndarray]:
    path = RidgePath.fit(InMemory(features), labels, learn)
    return path, path.errors(InMemory(features), labels, others)


def sklearn_fits(features, labels, learn, others, penalties) -> tuple[np.ndarray, np.ndarray]:
    scaler = Scaler.fit(InMemory(features), learn)
    x, z = scaler.transform(features[learn]), scaler.transform(features[others])
    found = np.empty((len(penalties), len(others), N_WEAK))
    for p, penalty in enumerate(penalties):
        for k in range(N_WEAK):
            found[p, :, k] = Ridge(alpha=penalty).fit(x, labels[learn, k]).predict(z)
    return found, ((found - labels[others]) ** 2).mean(axis=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--every", type=int, default=4, help="scikit-learn fits every so many penalties; its time "
        "is scaled to the whole path"
    )  # fmt: skip
    arguments = parser.parse_args()
    some = np.arange(0, len(PENALTIES), arguments.every)
    penalties = PENALTIES[some]
    our_seconds = their_seconds = apart = 0.0
    for number, sizes in enumerate(SIZES.values()):
        for split in range(N_SPLITS):
            features, labels = problem(sizes, 10 * number + split)
            learn, others = np.split(np.arange(len(features)), [sizes[0]])
            started = time.perf_counter()
            path, errors = ours(features, labels, learn, others)
            our_seconds += time.perf_counter() - started
            started = time.perf_counter()
            expected, their_errors = sklearn_fits(features, labels, learn, others, penalties)
            their_seconds += (time.perf_counter() - started) * len(PENALTIES) / len(penalties)
            apart = max(apart, float(np.abs(errors[some] - their_errors).max()))
            for place, chosen in enumerate(some):
                head = path.head(np.full(N_WEAK, chosen))
                difference = np.abs(head.predict(features[others]) - expected[place])
                apart = max(apart, float(difference.max()))
    fits = len(SIZES) * N_SPLITS * N_WEAK * len(PENALTIES)
    report(
        f"{fits} ridge fits: 3 datasets x 3 splits x 8 supervisors x {len(PENALTIES)} penalties, "
        f"dimension {DIMENSION}",
        [
            f"scikit-learn, a fit each: {their_seconds:.1f} s (timed on every {arguments.every}th)",
            f"w2s-mol: {our_seconds:.1f} s",
        ],
        [
            Claim("scikit-learn / w2s-mol", their_seconds / our_seconds, 20),
            Claim(
                "largest difference of a prediction or error / 1e-8",
                apart / 1e-8,
                1,
                at_least=False,
            ),
        ],
    )


if __name__ == "__main__":
    main()
