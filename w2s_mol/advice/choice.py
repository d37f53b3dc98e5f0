"""Which supervisor and which use of it, chosen on validation, and what it gives on test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from w2s_mol.advice.errors import SOURCE_USES, UseErrors
from w2s_mol.advice.losses import Losses
from w2s_mol.advice.worth import Worth, worth
from w2s_mol.statistics.resampling import REPLICATES, interval
from w2s_mol.uses.registry import DIRECT, MEAN


@dataclass(frozen=True)
class Choice:
    """What to do with one study's supervisors.

    Attributes
    ----------
    errors
        Of the study.
    family, weak, use
        The supervisor and the use of it that have the least error on validation.
    seen, seen_direct, seen_mean
        That error, and those of ``direct`` and of the mean of the labels on the same molecules.
    test, test_direct, test_mean
        The three on test.
    low, high
        An interval of ``1 - test / test_direct`` over molecules (percentile bootstrap, 95 %); NaN
        where the run holds no predictions.
    worth
        What the supervisor is worth in true labels, where several numbers of them were tried.
    """

    errors: UseErrors
    family: str
    weak: str
    use: str
    seen: float
    seen_direct: float
    seen_mean: float
    test: float
    test_direct: float
    test_mean: float
    low: float = np.nan
    high: float = np.nan
    worth: Worth | None = None

    @property
    def study(self) -> str:
        """Return the id of the run that the supervisor is of."""
        return self.errors.study_of[str(self.errors.best(self.use)[2])]

    @property
    def recommended(self) -> str:
        """Return the use to make: ``direct`` where no use of a supervisor is better."""
        return DIRECT if self.direct_is_better else self.use

    @property
    def direct_is_better(self) -> bool:
        """Say whether no use of a supervisor is better than direct on validation."""
        return not self.seen < self.seen_direct

    @property
    def mean_is_best(self) -> bool:
        """Say whether no model is better than the mean of the labels on validation."""
        return not min(self.seen, self.seen_direct) < self.seen_mean

    @property
    def established(self) -> bool:
        """Say whether the interval of the difference on test leaves out zero."""
        return bool(self.low > 0 or self.high < 0)


def choices(
    group: Sequence[UseErrors],
    losses: Losses | None,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> list[Choice]:
    """Choose for each number of labels of one dataset and student.

    Parameters
    ----------
    group
        Studies that differ in the number of labels alone, few labels first.
    losses
        Of the run's test molecules; None where it keeps no predictions.
    replicates, seed
        Of the bootstrap over molecules.
    """
    return [_choice(one, group, losses, replicates, seed) for one in group if len(one.valid)]


def _choice(
    one: UseErrors, group: Sequence[UseErrors], losses: Losses | None, replicates: int, seed: int
) -> Choice:
    seen = one.valid[list(SOURCE_USES)]
    use = str(one.relative[list(SOURCE_USES)].min().idxmin())
    key = one.best(use)
    family, weak = str(key[0]), str(key[1])
    chosen = Choice(
        one,
        family,
        weak,
        use,
        seen=float(seen[use][key]),
        seen_direct=float(one.valid[DIRECT][key]),
        seen_mean=float(one.valid[MEAN][key]),
        test=float(one.test[use][key]),
        test_direct=float(one.test[DIRECT][key]),
        test_mean=float(one.test[MEAN][key]),
    )
    if losses is None:
        return chosen
    of_test = losses.of(one.keys, family, weak, one.task)
    if of_test.empty:
        return chosen
    drawn = losses.replicates(of_test, [use, DIRECT], replicates, seed)
    labels = str(one.keys["labels"])
    low, high = interval(1 - drawn[use][labels] / drawn[DIRECT][labels])
    known = [each for each in group if key in each.test.index]
    curve = pd.Series(
        [float(each.test[DIRECT][key]) for each in known], [each.n_labels for each in known]
    )
    replicated = np.stack([drawn[DIRECT][str(each.keys["labels"])] for each in known])
    value = worth(one.n_labels, chosen.test, curve, drawn[use][labels], replicated)
    return replace(chosen, low=low, high=high, worth=value)
