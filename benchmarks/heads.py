"""All ridge fits of a whole study, against one scikit-learn Ridge per penalty, supervisor, split.

Strong features of dimension 1536 are random, of the three datasets' sizes; labels are those of
eight supervisors. Both sides predict the validation and test molecules with every penalty of the
path. scikit-learn gets standardised features, as ours standardises them within.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from common import Claim, report
from sklearn.linear_model import Ridge

from w2s_mol.heads.linear import PENALTIES, RidgePath, Scaler

SIZES = {"esol": (902, 113, 113), "freesolv": (513, 64, 65), "lipop": (3360, 420, 420)}
N_SPLITS, N_WEAK, DIMENSION = 3, 8, 1536


def problem(sizes: tuple[int, int, int], seed: int):
    """Return training features, features to predict, and the supervisors' labels."""
    generator = np.random.default_rng(seed)
    n, others = sizes[0], sizes[1] + sizes[2]
    # Correlated features with a decaying spectrum, as embeddings have.
    mixing = generator.normal(size=(256, DIMENSION)) * np.geomspace(1, 1e-2, 256)[:, None]
    hidden = generator.normal(size=(n + others, 256))
    features = hidden @ mixing + 0.05 * generator.normal(size=(n + others, DIMENSION))
    labels = hidden @ generator.normal(size=(256, N_WEAK)) * 0.1
    labels = labels[:n] + 0.1 * generator.normal(size=(n, N_WEAK))
    features = features.astype(np.float32)
    return features[:n], features[n:], labels


def ours(train, others, labels) -> np.ndarray:
    return RidgePath(train).predictions(others, labels)


def sklearn_fits(train, others, labels, penalties) -> np.ndarray:
    scaler = Scaler.fit(train)
    x, z = scaler.transform(train), scaler.transform(others)
    found = np.empty((len(penalties), len(others), N_WEAK))
    for p, penalty in enumerate(penalties):
        for k in range(N_WEAK):
            found[p, :, k] = Ridge(alpha=penalty).fit(x, labels[:, k]).predict(z)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--every", type=int, default=4, help="scikit-learn fits every so many penalties; its time "
        "is scaled to the whole path"
    )  # fmt: skip
    arguments = parser.parse_args()
    some = slice(None, None, arguments.every)
    penalties = PENALTIES[some]
    our_seconds = their_seconds = apart = 0.0
    for number, sizes in enumerate(SIZES.values()):
        for split in range(N_SPLITS):
            train, others, labels = problem(sizes, 10 * number + split)
            started = time.perf_counter()
            found = ours(train, others, labels)
            our_seconds += time.perf_counter() - started
            started = time.perf_counter()
            expected = sklearn_fits(train, others, labels, penalties)
            their_seconds += (time.perf_counter() - started) * len(PENALTIES) / len(penalties)
            apart = max(apart, float(np.abs(found[some] - expected).max()))
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
            Claim("largest difference of a prediction / 1e-8", apart / 1e-8, 1, at_least=False),
        ],
    )


if __name__ == "__main__":
    main()
