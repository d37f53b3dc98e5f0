"""Which models of a run predict: whose they are is named, or decided on validation alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf, isfinite
from typing import Any

import pandas as pd

from w2s_mol.advice.errors import beside_direct, use_named
from w2s_mol.errors import InputError, unknown_name
from w2s_mol.models.model import Model
from w2s_mol.runs import FinishedRun
from w2s_mol.selection.tables import StudySelection, selections, studies_of
from w2s_mol.study.class_words import class_words
from w2s_mol.study.config import ALL
from w2s_mol.study.groups import NO_CONTROL
from w2s_mol.study.kept_models import KeptModel, KeptModels
from w2s_mol.study.prediction_tables import MOLECULES, PART
from w2s_mol.supervisors.names import BETWEEN_TAKEN
from w2s_mol.tasks.registry import task_of
from w2s_mol.uses.registry import DIRECT, USES, WEAK

PICKED, RECOMMENDED = "picked", "recommended"
CANDIDATES = (WEAK, "w2s", "delta", "stack", "both", "direct")
"""The uses that can predict new molecules."""


@dataclass(frozen=True)
class Choice:
    """A use of a supervisor, and its models.

    Attributes
    ----------
    keys
        What tells the study from others: dataset, strong, labels, ...
    family, weak, use
        Whose labels, and what is made of them.
    results
        The run's results of this supervisor and student.
    students, supervisors
        What is kept of each split of the use, and of the supervisor; no students for ``weak``.
    instead_of
        What is better on validation and has no models for new molecules, if anything is.
    control
        Which null control the study is, ``none`` for a study proper.
    classes
        The words for 0 and 1; None where labels are numbers.
    """

    keys: Mapping[str, Any]
    family: str
    weak: str
    use: str
    results: pd.DataFrame
    students: list[KeptModel] = field(default_factory=list)
    supervisors: list[KeptModel] = field(default_factory=list)
    instead_of: str = ""
    control: str = NO_CONTROL
    classes: tuple[str, str] | None = None

    @property
    def taken(self) -> tuple[str, ...]:
        """Return whom the supervisor takes most often over the splits, if it takes some of others.

        So many as it takes on a split; of several alike those that were taken first.
        """
        on_splits = self.results.drop_duplicates("split_sha256")["taken"].astype(str)
        each = [names.split(BETWEEN_TAKEN) for names in on_splits if names]
        counts = Counter(name for names in each for name in names)
        most = max(map(len, each), default=0)
        return tuple(name for name, _ in counts.most_common(most))

    @property
    def reads_weak(self) -> bool:
        """Say whether new molecules need the supervisor's labels."""
        return self.use == WEAK or USES[self.use].reads_weak

    @property
    def kept(self) -> list[KeptModel]:
        """Return what is kept of the use itself, split by split."""
        return self.students or self.supervisors

    @property
    def words(self) -> str:
        """Say what predicts, for notes."""
        what = f"use {self.use}, weak {self.weak}"
        strong = "" if self.use == WEAK else f", strong {self.keys['strong']}"
        labels = "" if self.keys["labels"] == ALL else f", {self.keys['labels']} labels"
        said = f"{self.keys['dataset']}: {what}{strong}{labels}, mean over {len(self.kept)} splits"
        return f"{said}{self.instead_of}{self._warnings}"

    @property
    def _warnings(self) -> str:
        valid = self.results[self.results["eval_split"] == "valid"]
        error, direct = valid[f"{self.use}_error"].mean(), valid[f"{DIRECT}_error"].mean()
        said = ""
        if self.control != NO_CONTROL:
            said = f". This run is a null control ({self.control}): not to be used"
        if task_of(self.results).is_rounding(error, direct):
            said += f". {self.weak} knows the labels themselves: look at where it comes from"
        return said


def choose(
    run: FinishedRun,
    models: KeptModels,
    dataset: str | None = None,
    weak: str = RECOMMENDED,
    strong: str | None = None,
    use: str = RECOMMENDED,
    labels: str | None = None,
) -> Choice:
    """Choose models of a run.

    Parameters
    ----------
    run, models
        The run, and what it keeps.
    dataset, strong
        By name; may be left out where the run has one alone.
    weak
        A supervisor's name (after its family and a slash, if need be), ``picked``: the one with
        the smallest weak error - misfit on validation, or ``recommended``.
    use
        Of ``CANDIDATES``, or ``recommended``. What is recommended has the smallest error on
        validation.
    labels
        How many true labels they learnt from, where the run has several; by default the most.

    Raises
    ------
    InputError
        If there is none, or several are called so.
    """
    use = use_named(use)
    if use not in (*CANDIDATES, RECOMMENDED):
        raise unknown_name("use", use, (*CANDIDATES, RECOMMENDED))
    results = studies_of([run])
    found = list(selections(results, "valid"))
    dataset = _one_of("dataset", dataset, [str(one.keys["dataset"]) for one in found])
    found = [one for one in found if one.keys["dataset"] == dataset]
    strong = _one_of("strong", strong, [str(one.keys["strong"]) for one in found])
    found = [one for one in found if one.keys["strong"] == strong]
    if labels is not None:
        labels = _one_of("labels", labels, [str(one.keys["labels"]) for one in found])
        found = [one for one in found if one.keys["labels"] == labels]
    study, supervisors = _supervisors(sorted(found, key=_order), weak)
    rows = _rows(results, study.keys)
    rows = rows[rows["weak_sha256"].isin(supervisors)]
    usable: list[str] = []
    ranked = _by_error(rows, CANDIDATES if use == RECOMMENDED else (use,))
    for number, (place, one) in enumerate(ranked):
        choice = _choice(study.keys, rows[rows["weak_sha256"] == place], one, models)
        usable = _usable(choice.by_use, choice.splits)
        if one in usable:
            better = "" if number == 0 else _better(rows, *ranked[0])
            words = class_words(run, dataset)
            return replace(choice.of_use(), instead_of=better, control=study.control, classes=words)
    if study.keys["head"] == "mlp":
        raise InputError(
            f"{run.folder} was run with --head mlp, and such heads are not kept: they are there to "
            "be studied. Run the study with --head ridge into another folder, and take its models."
        )
    kept = ", ".join(usable) or "nothing"
    raise InputError(
        f"{run.folder} keeps no models of use {use!r} for this supervisor that say anything of new "
        f"molecules. It keeps: {kept}. Choose another --use or --weak."
    )


def _better(rows: pd.DataFrame, sha256: str, use: str) -> str:
    name = rows["weak"][rows["weak_sha256"] == sha256].iloc[0]
    return f" ({name}, {use}, is better on validation, but says nothing of new molecules)"


@dataclass(frozen=True)
class _Candidate:
    """A supervisor, and the models of all of its uses."""

    keys: Mapping[str, Any]
    rows: pd.DataFrame
    use: str
    splits: list[str]
    by_use: Mapping[str, list[KeptModel]]

    def of_use(self) -> Choice:
        first = self.rows.iloc[0]
        students = [] if self.use == WEAK else self.by_use[self.use]
        return Choice(
            self.keys,
            str(first["family"]),
            str(first["weak"]),
            self.use,
            self.rows,
            students=students,
            supervisors=self.by_use[WEAK],
        )


def _choice(
    keys: Mapping[str, Any], rows: pd.DataFrame, use: str, models: KeptModels
) -> _Candidate:
    first, splits = rows.iloc[0], list(rows.drop_duplicates("split_sha256")["split"])
    whose = (str(keys["dataset"]), str(keys["strong"]), (str(first["family"]), str(first["weak"])))
    by_use = {one: models.of_use(*whose, one, splits) for one in CANDIDATES}
    return _Candidate(keys, rows, use, splits, by_use)


def _by_error(rows: pd.DataFrame, uses: Sequence[str]) -> list[tuple[str, str]]:
    """Return supervisors (by hash) and uses, the least error on validation first."""
    valid = rows[rows["eval_split"] == "valid"].drop_duplicates(["weak_sha256", "split_sha256"])
    columns = list(dict.fromkeys(f"{use}_error" for use in (*uses, DIRECT)))
    means = valid.groupby("weak_sha256", sort=False)[columns].mean()
    # Of a supervisor that is silent on some molecules direct's error is of the others, too.
    relative = beside_direct(means, means[f"{DIRECT}_error"])
    errors = {
        (str(place), use): float(relative[f"{use}_error"][place])
        for place in means.index
        for use in uses
    }
    return sorted(errors, key=lambda one: errors[one] if isfinite(errors[one]) else inf)


def models_of(kept: Sequence[KeptModel]) -> list[Model]:
    """Return the models of what is kept."""
    return [one.model for one in kept if one.model]


def validated(run: FinishedRun, choice: Choice) -> int:
    """Return how many distinct molecules its errors on validation are of."""
    molecules = run.table(MOLECULES)
    here = molecules[(molecules["dataset"] == choice.keys["dataset"]).to_numpy()]
    parts = [here[f"{PART}{kept.split}"].astype(str) == "valid" for kept in choice.kept]
    return int(pd.concat(parts, axis=1).any(axis=1).sum()) if parts else 0


def _one_of(what: str, name: str | None, known: Sequence[str]) -> str:
    names = list(dict.fromkeys(known))
    if name is None and len(names) == 1:
        return names[0]
    if name is None:
        kind = "strong encoders" if what == "strong" else f"{what.removesuffix('s')}s"
        raise InputError(
            f"the run has several {kind}: {', '.join(names)}. Say which with --{what}."
        )
    if name not in names:
        raise unknown_name(f"{what} of the run:", name, names)
    return name


def _order(study: StudySelection) -> tuple[bool, float]:
    """Return what studies are sorted by: those proper first, then those with the most labels."""
    labels = str(study.keys["labels"])
    return study.control != NO_CONTROL, -inf if labels == ALL else -float(labels)


def _supervisors(studies: Sequence[StudySelection], weak: str) -> tuple[StudySelection, list[str]]:
    """Return the first of some studies that has a supervisor, and the hashes of those meant."""
    known = []
    for study in studies:
        table = study.table
        known += list(map(str, table["weak"]))
        if weak == RECOMMENDED:
            return study, list(table["weak_sha256"])
        if weak == PICKED:
            return study, list(table["weak_sha256"][table["picked"]])
        full = table["family"].astype(str) + "/" + table["weak"].astype(str)
        called = table[(table["weak"] == weak) | (full == weak)]
        if len(called) > 1:
            families = ", ".join(full[called.index])
            raise InputError(f"several supervisors are called {weak!r}: {families}. Say which.")
        if len(called):
            return study, list(called["weak_sha256"])
    wanted = [*dict.fromkeys(known), PICKED, RECOMMENDED]
    raise unknown_name("supervisor of the run:", weak, wanted)


def _rows(results: pd.DataFrame, keys: Mapping[str, Any]) -> pd.DataFrame:
    wanted = pd.Series(data=True, index=results.index)
    for name, value in keys.items():
        column = results[name]
        wanted &= column.isna() if value == "" and column.isna().any() else column == value
    return results[wanted]


def _usable(by_use: Mapping[str, list[KeptModel]], splits: Sequence[str]) -> list[str]:
    """Return the uses of which every split has all models that new molecules need."""
    whole = [
        use
        for use, kept in by_use.items()
        if len(kept) == len(splits) and all(one.model for one in kept)
    ]
    return [use for use in whole if use == WEAK or WEAK in whole or not USES[use].reads_weak]
