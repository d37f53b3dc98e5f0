"""Heads of a whole study against scikit-learn's, of numbers and of classes.

python benchmarks/heads.py [numbers] [classes] [--every N]

Numbers: all ridge fits of a study, against one Ridge per penalty, supervisor and split. Strong
features of dimension 1536 are random, of the three datasets' sizes; labels are those of eight
supervisors. Both sides find the error on the validation and test molecules at every penalty of the
path. scikit-learn gets standardised features, as ours standardises them within.

Classes: BBBP's molecules, the 24 shipped supervisors, one student. The cells of a split take how
much longer than with the same 0 and 1 as numbers? And its 24 students by soft labels, against one
LogisticRegression per penalty and student (lbfgs; a soft label is two rows with weights, one of
each class). scikit-learn's path has its default tolerance, from zero at every penalty; the heads at
our penalties, which probabilities are compared of, are fitted to the tolerance ``EXACT``. Ours ends
a path where the loss has risen four times in a row, and is held to the tolerance of its last fit.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
from common import Claim, mirror_or_none, report
from sklearn.linear_model import LogisticRegression, Ridge

from w2s_mol.datasets.examples import Examples
from w2s_mol.embeddings.finding import Finder
from w2s_mol.heads.linear import Scaler
from w2s_mol.heads.logistic import fit_logistic
from w2s_mol.heads.matrix import InMemory, gathered
from w2s_mol.heads.penalties import LOGISTIC_PENALTIES, PENALTIES
from w2s_mol.heads.ridge import RidgePath
from w2s_mol.progress import silent
from w2s_mol.study.cell import Cells, split_cells
from w2s_mol.study.config import StudyConfig
from w2s_mol.study.plan import StudyPlan
from w2s_mol.study.protocols import Roles
from w2s_mol.threads import one_thread

SIZES = {"esol": (902, 113, 113), "freesolv": (513, 64, 65), "lipop": (3360, 420, 420)}
N_SPLITS, N_WEAK, DIMENSION = 3, 8, 1536
STRONG, REPEATS = "strong-h256-l6-s0", 3
EXACT = 1e-8
"""scikit-learn's tolerance where probabilities are compared: its default of 1e-4 is 1e-3 away."""


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


def numbers(every: int) -> None:
    """Compare all ridge fits of a study."""
    some = np.arange(0, len(PENALTIES), every)
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
            f"scikit-learn, a fit each: {their_seconds:.1f} s (timed on every {every}th)",
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


class Cell:
    """One split of BBBP under all supervisors, its labels read as a task."""

    def __init__(self, task: str) -> None:
        config = StudyConfig(dataset=("bbbp",), strong=(STRONG,), task=task, on_invalid="skip")
        self._plan = StudyPlan(config, Finder(mirror=mirror_or_none()))
        self._usable = self._plan._prepared(0, silent)
        self.roles: Roles = self._plan._roles(self._usable, self._plan._left[0])

    def carried_out(self) -> tuple[float, Cells]:
        """Return the least processor time of several runs, and what comes out."""
        molecules, plan = self._usable.everything, self._plan
        examples, seconds = Examples(molecules.smiles, molecules.columns), []
        for _ in range(REPEATS):
            started = time.process_time()
            [cells] = split_cells(
                plan._supervisors, plan._students, examples, molecules.labels, self.roles,
                plan._task, plan._fit,
            )  # fmt: skip
            seconds.append(time.process_time() - started)
        return min(seconds), cells

    def features(self) -> np.ndarray:
        """Return the student's, those of molecules that nobody reads NaN."""
        [student] = self._plan._students
        matrix = student.encoded.features(self._usable.everything.smiles)
        found = np.full(matrix.shape, np.nan)
        found[self.roles.asked] = gathered(matrix, self.roles.asked)
        return found


def logistic_fit(x, labels, penalty, tolerance) -> LogisticRegression:
    """Fit soft labels as two rows each."""
    weights = np.concatenate([labels, 1 - labels])
    model = LogisticRegression(C=1 / penalty, tol=tolerance, max_iter=100_000)
    return model.fit(np.vstack([x, x]), np.repeat([1, 0], len(x)), weights)


def classes(every: int) -> None:
    """Compare a split's cells with those of numbers, and its students with scikit-learn's."""
    numbers, binary = Cell("regression"), Cell("binary")
    with one_thread():
        of_numbers, _ = numbers.carried_out()
        of_classes, cells = binary.carried_out()
        x, labels, roles = binary.features(), cells.weak, binary.roles
        learn, choose, test = roles.student_learns, roles.student_chooses, roles.parts["test"]
        started = time.process_time()
        head = fit_logistic(InMemory(x), labels, learn, choose)
        ours = time.process_time() - started
        learnt, others = head.scaler.transform(x[learn]), head.scaler.transform(x[choose])
        some = LOGISTIC_PENALTIES[::every]
        started = time.process_time()
        for of_one in labels.T:
            for penalty in some:
                logistic_fit(learnt, of_one[learn], penalty, 1e-4).predict_proba(others)
        theirs = (time.process_time() - started) * len(LOGISTIC_PENALTIES) / len(some)
        predicted, tested = head.predict(x[test]), head.scaler.transform(x[test])
        apart = 0.0
        for column, penalty in enumerate(head.penalties):
            peer = logistic_fit(learnt, labels[learn, column], penalty, EXACT)
            expected = peer.predict_proba(tested)[:, 1]
            apart = max(apart, float(np.abs(predicted[:, column] - expected).max()))
    k, d = labels.shape[1], x.shape[1]
    path = f"{k} students, a path of {len(LOGISTIC_PENALTIES)} penalties"
    report(
        f"BBBP, {k} supervisors, {len(learn)} molecules to learn, dimension {d}, processor time",
        [
            f"all heads of a split's cells: numbers {of_numbers:.1f} s, classes {of_classes:.1f} s",
            f"{path}: scikit-learn {theirs:.1f} s (of every {every}th), w2s-mol {ours:.1f} s",
        ],
        [
            Claim("heads of classes / of numbers", of_classes / of_numbers, 20, at_least=False),
            Claim("scikit-learn / w2s-mol", theirs / ours, 5),
            Claim("largest difference of a probability / 1e-5", apart / 1e-5, 1, at_least=False),
        ],
    )


MEASURED: dict[str, Callable[[int], None]] = {"numbers": numbers, "classes": classes}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", metavar="numbers|classes", help="both, if not named")
    parser.add_argument(
        "--every", type=int, default=4, help="scikit-learn fits every so many penalties; its time "
        "is scaled to the whole path"
    )  # fmt: skip
    arguments = parser.parse_args()
    for name in arguments.what or MEASURED:
        MEASURED[name](arguments.every)


if __name__ == "__main__":
    main()
