"""What a study measured of its supervisors, and what each molecule has in it.

A quantity of a supervisor is a mean over molecules, and then over splits. The influence of a
molecule is what it adds to that mean beyond its share; influences sum to zero, and the sum of their
products is the covariance of the means: of all supervisors and quantities, since all are measured
on the same molecules, and of all splits, since a molecule may be in several.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """Quantities of supervisors on one part.

    Attributes
    ----------
    names
        Of the ``q`` quantities.
    observed
        Means over molecules and splits, shape (q, k).
    influences
        Of ``m`` independent units, shape (m, q, k): molecules, or groups of kin. They are scaled so
        that the sum of their squares is the variance of ``observed``.
    """

    names: tuple[str, ...]
    observed: Array
    influences: Array

    def of(self, name: str) -> tuple[Array, Array]:
        """Return a quantity of all supervisors, (k,), and its influences, (m, k)."""
        place = self.names.index(name)
        return self.observed[place], self.influences[:, place]

    def minus(self, name: str, other: str) -> tuple[Array, Array]:
        """Return the difference of two quantities, (k,), and its influences, (m, k)."""
        one, of_one = self.of(name)
        two, of_two = self.of(other)
        return one - two, of_one - of_two

    def grouped(self, groups: NDArray[np.int64]) -> Sample:
        """Return it with groups of molecules as its units: group numbers of shape (m,), from 0."""
        n = int(groups.max()) + 1
        sums = np.zeros((n, *self.influences.shape[1:]))
        np.add.at(sums, groups, self.influences)
        return replace(self, influences=sums * np.sqrt(n / max(1, n - 1)))


def training_factor(sizes: list[int], learnt_from: list[int], weights: Array) -> float:
    """Return by how much variances grow because heads were fitted to a sample, too.

    Nadeau and Bengio (2003, Machine Learning 52, 239-281): the variance of a mean over splits that
    share training molecules is that of its test molecules and ``n_test / n_train`` times that of
    one split alone. The ratio counts as one at most: their reasoning is of test parts that are the
    smaller ones, and with few labels intervals are of the heads that were fitted.

    Parameters
    ----------
    sizes, learnt_from
        Test and train molecules of every split.
    weights
        Of every distinct test molecule in the mean over splits, summing to one.
    """
    ratio = float(np.mean([n / max(n, train) for n, train in zip(sizes, learnt_from, strict=True)]))
    of_one_split = float(np.mean([1 / n for n in sizes]))
    return 1.0 + ratio * of_one_split / float((weights**2).sum())
