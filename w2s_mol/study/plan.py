"""What a study is made of: its datasets, supervisors and students, and its parts in order."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from w2s_mol import files
from w2s_mol.crews.goods import Reads
from w2s_mol.datasets.dataset import Dataset
from w2s_mol.datasets.examples import Examples
from w2s_mol.embeddings.encoded import Encoded
from w2s_mol.embeddings.finding import Finder
from w2s_mol.embeddings.reader import Reader
from w2s_mol.encoders.ref import EncoderRef
from w2s_mol.engine.run import Part
from w2s_mol.kept import Copy
from w2s_mol.molecules.smiles import forget
from w2s_mol.progress import Progress
from w2s_mol.students.registry import find_students
from w2s_mol.study.asked import asked_for
from w2s_mol.study.cell import split_cells
from w2s_mol.study.config import RESULTS_FORMAT, StudyConfig
from w2s_mol.study.draws import Draw, draws, labelled_first, left_out, roles_of, still_drawn
from w2s_mol.study.elsewhere import BlockNeed, StudyElsewhere, called_in
from w2s_mol.study.exposure import exposures
from w2s_mol.study.inputs import known_names, load_datasets, remarks, study_files, task_of_study
from w2s_mol.study.kept_models import MODELS, SCALERS
from w2s_mol.study.model_tables import ModelTables
from w2s_mol.study.prediction_tables import MOLECULES, PREDICTIONS, USES
from w2s_mol.study.predictions import molecule_rows, prediction_rows, use_rows
from w2s_mol.study.protocols import Roles
from w2s_mol.study.results import StudyContext, result_rows
from w2s_mol.study.seen import SeenOfDataset, refuse_seen_tests, seen_of
from w2s_mol.study.unlike import unlike_notes
from w2s_mol.study.usable import Usable, begin, refuse_unreadable, usable
from w2s_mol.study.whole_tables import tell_of_whole_tables
from w2s_mol.supervisors.contract import Supervisor
from w2s_mol.supervisors.names import columns_of
from w2s_mol.supervisors.registry import find_supervisors
from w2s_mol.tasks.registry import REGRESSION
from w2s_mol.threads import one_thread

MOST_SUPERVISORS = 24
"""Of one part: a study of many has many parts, and needs no more memory than one of few."""
MOST_VALUES = 5 << 18
"""Molecules times supervisors of one part: with many molecules it has fewer supervisors."""

TABLES = ("results", PREDICTIONS, USES, MOLECULES, MODELS, SCALERS)
_KEPT = {"results": 1, "predictions": 4, "all": 6}
"""How many of them a run folder keeps, by the setting ``keep``."""

NAMED_BY_CONTENT = ("weak", "strong", "dataset", "split_file", "unlabelled", "positive")
"""Settings whose content counts, not what they are called."""


@dataclass(frozen=True)
class _Place:
    """A part: one draw and some supervisors of a dataset, or its molecules for ``draw`` None."""

    name: str
    dataset: int
    draw: int | None
    supervisors: slice


class StudyPlan:
    """A study as an ``engine.run.Run``.

    A part is one split of a dataset under at most ``MOST_SUPERVISORS`` supervisors: the cells of
    all students with these. Whoever does a part first lets everyone embed all that is free.
    """

    kind = "study"
    format = RESULTS_FORMAT

    def __init__(self, config: StudyConfig, finder: Finder, *, prepares_all: bool = True) -> None:
        self._config, self._finder = config, finder
        self._prepares_all = prepares_all  # and does not leave it to those who do what parts need
        self.tables: tuple[str, ...] = TABLES[: _KEPT[config.keep]]
        before = asked_for(config)  # empty where something is to be fetched first
        self._datasets = load_datasets(config, finder, columns_of(config.weak))
        self._task = task_of_study(config, self._datasets)
        self._fit = self._task.fitter(config.head_settings)
        self._supervisors = find_supervisors(config.weak, finder)
        self._draws = [draws(dataset, config) for dataset in self._datasets]
        self._students = find_students(config.strong, self._supervisors, finder)
        # Before anything is written or embedded: one may be refused for what it is or has seen.
        self._seen = {d.name: seen_of(d, self._encoders()) for d in self._datasets}
        refuse_seen_tests(self._seen)
        self._remarks = [
            remarks(d, self._supervisors, labelled_first(found, d, config), finder.progress)
            for d, found in zip(self._datasets, self._draws, strict=True)
        ]
        self._begun = False
        self._usable: dict[int, Usable] = {}
        self._left: list[Draw] = []  # draws of the dataset that is usable
        after = asked_for(config)
        self._asked = after if before in ("", after) else ""
        self.run_id = self._content_hash()
        self._context = StudyContext(config, self.run_id, self._task)

    def _content_hash(self) -> str:
        content = [
            RESULTS_FORMAT,
            # Paths and names may differ where the content is the same; the hashes count. Options
            # that a later version adds leave the id as it is where they are not used.
            {k: v for k, v in self.chosen().items() if k not in NAMED_BY_CONTENT},
            [
                [d.name, *_of_content(d).values(), [[s.name, s.sha256] for s in d.splits]]
                for d in self._datasets
            ],
            [supervisor.sha256 for supervisor in self._supervisors],
            [student.sha256 for student in self._students],
        ]
        return files.sha256_json(content)[:16]

    def config(self) -> dict[str, Any]:
        """Return the settings as TOML holds them."""
        return self._config.as_toml()

    def chosen(self) -> dict[str, Any]:
        """Return those of them that are not the defaults, and what labels are if not numbers.

        It is no matter whether that was seen from the labels or asked for by name.
        """
        chosen = {k: v for k, v in self._config.chosen().items() if k != "task"}
        return chosen if self._task == REGRESSION else {**chosen, "task": self._task.name}

    def manifest(self) -> dict[str, Any]:
        """Return what identifies the inputs, and notes on them."""
        named = known_names(self._config)
        encoders = self._encoders()
        notes: dict[str, list[str]] = {
            d.name: [*d.notes, *left_out(d, self._config), *told]
            for d, told in zip(self._datasets, self._remarks, strict=True)
        }
        for name, by_each in self._seen.items():
            notes[name].extend(_learned_tests(one) for one in by_each if one.of_any_test)
        for encoder in encoders:
            if encoder.notes:  # a dataset may be called so as well
                of_encoder = notes.setdefault(f"encoder {encoder.name}", [])
                of_encoder += [note for note in encoder.notes if note not in of_encoder]
        return {
            # Of the files as they were read: one that changed since is not what was asked for.
            "asked": self._asked if asked_for(self._config) == self._asked else "",
            "students": [{"name": s.name, "sha256": s.sha256} for s in self._students],
            "weak": [_identity(supervisor) for supervisor in self._supervisors],
            "datasets": {
                d.name: {
                    "items": d.items.name,
                    **_of_content(d),
                    "splits": {s.name: s.sha256 for s in d.splits},
                    "exposure": exposures(d.name, d.name in named, encoders, self._seen[d.name]),
                }
                for d in self._datasets
            },
            "notes": notes,
        }

    def measured(self) -> dict[str, Any]:
        """Return what encoders compute with."""
        encoders = self._encoders()
        return {
            "device": encoders[-1].place if encoders else "cpu",
            "encoders": [
                {
                    "name": encoder.name,
                    "device": encoder.place,
                    "precision": encoder.precision,
                    "revision": encoder.revision,
                }
                for encoder in encoders
            ],
        }

    def part_names(self) -> list[str]:
        """Return the parts by number: names of datasets may hold anything."""
        return list(self._places)

    def do(self, part: str, progress: Progress) -> Part:
        """Do a part, once everyone is prepared for its dataset."""
        place = self._places[part]
        started = time.monotonic()
        first = place.dataset not in self._usable
        of_dataset = self._prepared(place.dataset, progress)
        name = of_dataset.everything.name
        seconds = {f"embedding {name}": _since(started)} if first else {}
        every = self._draws[place.dataset]
        told = [of_dataset.note] if of_dataset.note else []
        if len(self._left) < len(every):
            told += left_out(of_dataset.kept, self._config)
        notes = {name: told} if told else {}
        places = files.sha256_bytes(of_dataset.places.tobytes())
        made_of = {f"molecules of {name}": places}
        measured = {} if self._prepares_all else self.measured()
        if measured:
            made_of["encoders"] = files.sha256_json(measured)
        started = time.monotonic()
        if place.draw is None:
            parts = {
                self._name(of_dataset, d): self._roles(of_dataset, d).parts for d in self._left
            }
            molecules = molecule_rows(of_dataset.everything, of_dataset.places, parts)
            notes = {name: [*told, *unlike_notes(of_dataset, self._students)]}
            return Part({MOLECULES: molecules}, notes, seconds, made_of, measured)
        draw = every[place.draw]
        if draw not in self._left:
            return Part({}, notes, seconds, made_of, measured)
        progress(f"fitting heads on {name}", place.draw, len(every))
        tables, of_cells = self._cells(place, of_dataset, draw)
        if of_cells:
            notes = {name: [*told, *of_cells]}
        progress(f"fitting heads on {name}", place.draw + 1, len(every))
        split = of_dataset.kept.splits[draw.split]
        what = f"heads {name} {split.name}"
        seconds[what] = _since(started)
        return Part(tables, notes, seconds, made_of, measured)

    def _cells(
        self, place: _Place, of_dataset: Usable, draw: Draw
    ) -> tuple[dict[str, Any], list[str]]:
        """Return the tables of one draw's cells, and notes on them."""
        import pandas as pd

        config = self._config
        supervisors = self._supervisors[place.supervisors]
        everything, name = of_dataset.everything, self._name(of_dataset, draw)
        roles = self._roles(of_dataset, draw)
        results, predictions, uses = [], [], []
        told: list[str] = []
        models = ModelTables(everything.name, name, supervisors, roles)
        with one_thread(torch_too=config.head in ("adamw", "mlp", "mixture")):
            for cells in split_cells(
                supervisors,
                self._students,
                Examples(everything.smiles, everything.columns),
                everything.labels,
                roles,
                self._context.task,
                self._fit,
                config.seed if config.shuffle_weak_labels else None,
                f"{everything.name}, split {name}",
                config.teach,
            ):
                results.append(
                    result_rows(self._context, of_dataset.kept, draw, supervisors, roles, cells)
                )
                told += cells.told
                of_cells = (everything, name, supervisors, roles, cells)
                if PREDICTIONS in self.tables:
                    predictions.append(prediction_rows(*of_cells))
                    uses.append(use_rows(*of_cells))
                if MODELS in self.tables:
                    models.add(cells)
        tables = {"results": results, PREDICTIONS: predictions, USES: uses, **models.tables()}
        whole = {
            # A table of one student is large enough without a copy.
            name: pd.concat(each, ignore_index=True) if len(each) > 1 else each[0]
            for name, each in tables.items()
            if each
        }
        return whole, list(dict.fromkeys(told))

    def _prepared(self, dataset: int, progress: Progress) -> Usable:
        if dataset not in self._usable:
            strict = self._config.on_invalid == "error"
            everyone = self._everyone
            if not self._begun and self._prepares_all:
                begin(self._datasets, everyone, strict=strict, progress=progress)
                self._begun = True
            found = usable(self._datasets[dataset], everyone, strict=strict, progress=progress)
            forget()  # heads need no SMILES, and much memory
            self._left = still_drawn(self._draws[dataset], found.kept, self._config)
            self._usable = {dataset: found}  # parts come in order: the last dataset is let go
        return self._usable[dataset]

    def _roles(self, of_dataset: Usable, draw: Draw) -> Roles:
        kept = of_dataset.kept
        return roles_of(draw, kept, self._config).of(of_dataset.places)

    def _name(self, of_dataset: Usable, draw: Draw) -> str:
        return draw.name(of_dataset.kept.splits[draw.split])

    def elsewhere(self) -> StudyElsewhere:
        """Return how another process opens it."""
        return StudyElsewhere.of(
            self._config, self._finder, self._everyone, self._encoders(), self.run_id
        )

    @property
    def called(self) -> tuple[str, ...]:
        """Return what results call supervisors and students."""
        return called_in(self._everyone)

    def check(self, progress: Progress) -> None:
        """Read all molecules, if one that cannot be read stops the study."""
        if self._config.on_invalid == "error":
            refuse_unreadable(self._datasets, self._everyone)

    def needs(self, part: str) -> Sequence[BlockNeed]:
        """Return the embeddings that a part reads."""
        return self._needs(self._places[part].dataset)

    def make(self, need: BlockNeed) -> list[Copy]:
        """Compute a block of embeddings, unless it is kept; return a copy of what is kept of it."""
        of, smiles = self._encoded[need.encoder], tuple(self._datasets[need.dataset].smiles)
        return of.block(smiles, need.start)

    def files(self) -> Reads:
        """Return the files of datasets and encoders, but for those that the program ships."""
        return study_files(self._config, self._encoders())

    @lru_cache(maxsize=1)  # noqa: B019 -- parts come in order
    def _needs(self, dataset: int) -> list[BlockNeed]:
        smiles = tuple(self._datasets[dataset].smiles)
        molecules = files.sha256_json(smiles)
        made_by = [
            [e.encoder.fingerprint, e.encoder.items.kept_as, e.pooling] for e in self._encoded
        ]
        return [
            BlockNeed(
                files.sha256_json([made_by[n], molecules, start]),
                one.encoder.name,
                n,
                dataset,
                start,
            )
            for n, one in enumerate(self._encoded)
            for start in one.starts(smiles)
        ]

    @cached_property
    def _encoded(self) -> list[Encoded]:
        every = [one for reader in self._everyone for one in reader.reads_with]
        return list({(one.encoder.fingerprint, one.pooling): one for one in every}.values())

    @cached_property
    def _everyone(self) -> list[Reader]:
        """Supervisors and students, told which datasets are rows of one table."""
        everyone: list[Reader] = [*self._supervisors, *self._students]
        tell_of_whole_tables(self._datasets, everyone)
        return everyone

    def _encoders(self) -> list[EncoderRef]:
        everyone: list[Reader] = [*self._supervisors, *self._students]
        every = [encoder for reader in everyone for encoder in reader.encoders]
        return list({id(encoder): encoder for encoder in every}.values())

    @cached_property
    def _places(self) -> dict[str, _Place]:
        return {place.name: place for place in self._places_in_order()}

    def _places_in_order(self) -> Iterator[_Place]:
        everyone = slice(0, len(self._supervisors))
        for d, dataset in enumerate(self._datasets):
            most = max(1, min(MOST_SUPERVISORS, MOST_VALUES // len(dataset)))
            for s in range(len(self._draws[d])):
                for number, start in enumerate(range(0, len(self._supervisors), most)):
                    some = slice(start, start + most)
                    yield _Place(f"{d:03d}-{s:03d}-{number:03d}", d, s, some)
            if MOLECULES in self.tables:
                yield _Place(f"{d:03d}-molecules", d, None, everyone)


def _of_content(dataset: Dataset) -> dict[str, Any]:
    """Return hashes of a dataset; columns have their own where they are read.

    Of classes, their words as well: labels are 0 and 1 whatever they stand for.
    """
    columns = {"columns_sha256": dataset.columns_sha256} if dataset.columns else {}
    apart = {"apart_sha256": dataset.apart.sha256} if dataset.apart else {}
    classes = {"classes": list(dataset.classes)} if dataset.classes else {}
    return {"sha256": dataset.sha256, **columns, **apart, **classes}


def _identity(supervisor: Supervisor) -> dict[str, Any]:
    """Return what a manifest says of a supervisor; ``pretraining`` is how it was made."""
    names = ("name", "family", "hidden", "seed", "sha256")
    return {**{n: getattr(supervisor, n) for n in names}, "pretraining": dict(supervisor.made)}


def _learned_tests(seen: SeenOfDataset) -> str:
    return (
        f"{seen.encoder} learned {seen.of_any_test:,} of the test molecules, without their labels: "
        "its errors are not those on molecules never seen"
    )


def _since(started: float) -> float:
    return round(time.monotonic() - started, 3)
