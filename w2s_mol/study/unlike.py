"""Notes on molecules without a label that are unlike those with one: they were measured to hurt."""

from __future__ import annotations

from collections.abc import Sequence

from w2s_mol.embeddings.likeness import FARTHER_THAN, unlike
from w2s_mol.embeddings.reader import EncodedReader, ReaderOfSeveral
from w2s_mol.students.contract import Student
from w2s_mol.study.usable import Usable
from w2s_mol.threads import one_thread


def unlike_notes(of_dataset: Usable, students: Sequence[Student]) -> list[str]:
    """Return for each strong encoder how many of them are unlike; none where there are no such.

    Molecules with a label are those of the first split's train part.

    Parameters
    ----------
    of_dataset
        A dataset for which the students are prepared.
    students
        Of a study; one without an encoder of its own has nothing to say.
    """
    kept, places = of_dataset.kept, of_dataset.places
    pool, known = places[kept.unlabelled], places[kept.splits[0].train]
    if not len(pool):
        return []
    smiles = of_dataset.everything.smiles
    readers = [one for one in students if isinstance(one, EncodedReader | ReaderOfSeveral)]
    with one_thread():  # the same count on any machine
        counts = [unlike(one.encoded.features(smiles), known, pool) for one in readers]
    return [
        f"{count:,} of {len(pool):,} unlabelled {kept.items.name} are unlike the labelled ones "
        f"(strong {one.name}): farther from the nearest than {FARTHER_THAN} % of these are from "
        "each other; students of such molecules were measured to be worse"
        for one, count in zip(readers, counts, strict=True)
    ]
