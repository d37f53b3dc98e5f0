"""What is looked at: one study, one supervisor and one use of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from w2s_mol.advice.choice import Choice, choices
from w2s_mol.advice.errors import ALL_USES, UseErrors, use_errors, use_named
from w2s_mol.advice.predictions import Predictions
from w2s_mol.errors import InputError, unknown_name
from w2s_mol.runs import FinishedRun
from w2s_mol.selection.rendering import in_short
from w2s_mol.selection.tables import studies_of
from w2s_mol.study.class_words import class_words


@dataclass(frozen=True)
class Wanted:
    """What a user wants to see; what is empty is chosen for him.

    Attributes
    ----------
    dataset, strong, labels
        Of the study; by default the first.
    weak
        The supervisor, as ``NAME`` or ``FAMILY/NAME``.
    use
        Of it. Supervisor and use are by default those that are recommended.
    """

    dataset: str = ""
    strong: str = ""
    labels: str = ""
    weak: str = ""
    use: str = ""


@dataclass(frozen=True)
class Chosen:
    """One study, one supervisor and one use of it.

    Attributes
    ----------
    errors
        Of the study.
    study
        The id of its run.
    family, weak
        The supervisor.
    use
        The use that stands beside supervisor, student and direct.
    classes
        The words for 0 and 1; None where labels are numbers, or words were not looked for.
    """

    errors: UseErrors
    study: str
    family: str
    weak: str
    use: str
    classes: tuple[str, str] | None = None


def choose(runs: Sequence[FinishedRun], wanted: Wanted) -> Chosen:
    """Return what is looked at.

    Raises
    ------
    InputError
        If there is no such study, supervisor or use, or nothing of it is finite.
    """
    wanted = replace(wanted, use=use_named(wanted.use))
    if wanted.use and wanted.use not in ALL_USES:
        raise unknown_name("use", wanted.use, ALL_USES)
    studies = [one for one in use_errors(studies_of(runs)) if len(one.valid)]
    if not studies:
        raise InputError(
            "there is nothing to look at: these runs are null controls, or none of their errors "
            "is finite. Give the run of a study."
        )
    for key in ("dataset", "strong", "labels"):
        studies = _of_that(studies, key, getattr(wanted, key))
    chosen = of_study(studies[0], wanted.weak, wanted.use)
    run = next((run for run in runs if run.id == chosen.study), None)
    words = class_words(run, str(chosen.errors.keys["dataset"])) if run else None
    return replace(chosen, classes=words)


def of_study(errors: UseErrors, weak: str = "", use: str = "") -> Chosen:
    """Return a supervisor and a use of one study; by default those that are recommended.

    Raises
    ------
    InputError
        If the study has no such supervisor.
    """
    [recommended] = choices([errors], None)
    chosen = of_choice(recommended)
    if weak:
        named = {f"{place[0]}/{place[1]}": place for place in errors.valid.index}
        named |= {str(place[1]): place for place in reversed(errors.valid.index)}
        if weak not in named:
            names = [str(place[1]) for place in errors.valid.index]
            raise unknown_name("supervisor", weak, names)
        place = named[weak]
        chosen = replace(
            chosen, study=errors.study_of[str(place[2])], family=str(place[0]), weak=str(place[1])
        )
    return replace(chosen, use=use) if use else chosen


def of_choice(choice: Choice) -> Chosen:
    """Return the supervisor and the use that are recommended."""
    return Chosen(choice.errors, choice.study, choice.family, choice.weak, choice.recommended)


def predictions_of(chosen: Chosen, runs: Sequence[FinishedRun]) -> Predictions:
    """Return the predictions of its run.

    Raises
    ------
    InputError
        If the run keeps none, or they cannot be read.
    """
    for run in runs:
        if run.id == chosen.study:
            return Predictions(run)
    raise InputError(
        f"the predictions of {in_short(chosen.errors.keys)} are not beside its results, and they "
        "are what is looked at. Give the run's whole folder."
    )


def _of_that(studies: list[UseErrors], key: str, value: str) -> list[UseErrors]:
    if not value:
        return studies
    found = [one for one in studies if str(one.keys[key]) == value]
    if not found:
        raise unknown_name(key, value, {str(one.keys[key]) for one in studies})
    return found
