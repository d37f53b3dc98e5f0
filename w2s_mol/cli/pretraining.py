"""What the verbs that pretrain share: their options, the corpus, the training itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

import typer

from w2s_mol.cli import output
from w2s_mol.errors import InputError

if TYPE_CHECKING:
    from w2s_mol.pretraining.corpus import PreparedCorpus
    from w2s_mol.pretraining.settings import EncoderSettings
    from w2s_mol.pretraining.shards import Preparation

GUACAMOL = "guacamol"
Choice = TypeVar("Choice", "CorpusChoice", "TrainingChoice")

Corpus = Annotated[
    str,
    typer.Option(
        metavar="guacamol|FILE",
        help="guacamol (fetched), or a file with one SMILES a line: plain, .gz, .bz2, .xz, .zst.",
    ),
]
ValidCorpus = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Molecules for the validation loss. Default: guacamol's own, or every 50th "
        "molecule of the corpus, which is then not trained on.",
    ),
]
Molecules = Annotated[
    int | None, typer.Option(min=1, help="Take the first so many lines of the corpus.")
]
ValidMolecules = Annotated[
    int, typer.Option(min=1, help="At most so many of them (of --valid-corpus: lines).")
]
Renumberings = Annotated[
    int, typer.Option(min=1, help="Random atom orders of each molecule; an epoch reads one.")
]
MaxLength = Annotated[int, typer.Option(min=3, max=512, help="Leave out molecules of more tokens.")]
ExcludeEvaluation = Annotated[
    bool,
    typer.Option(
        "--exclude-evaluation",
        help="Leave out molecules of ESOL, FreeSolv and Lipop (fetched), whatever their stereo.",
    ),
]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Processes that prepare the corpus; one a core.")
]
Epochs = Annotated[int, typer.Option(help="Passes over the corpus.")]
BatchSize = Annotated[int, typer.Option(help="Molecules a step, over all devices.")]
LearningRate = Annotated[
    float | None,
    typer.Option(help="AdamW's, at its highest. Default: 0.15 / hidden size, at most 0.003."),
]
Dropout = Annotated[float, typer.Option(min=0.0, max=0.9, help="MolBERT had 0.1.")]
Objectives = Annotated[
    str,
    typer.Option(
        metavar="NAME[=WEIGHT],...",
        help="Of mlm, descriptors and pairs (are two SMILES one molecule?), each with its weight.",
    ),
]
PrecisionOrAuto = Literal["auto", "fp32", "bf16"]
Precision = Annotated[
    PrecisionOrAuto,
    typer.Option(help="auto: bf16 on a GPU, fp32 on a CPU."),
]
Seeds = Annotated[
    list[int] | None,
    typer.Option("--seed", help="Of the initial weights; repeatable. Default: 0."),
]
OrderSeed = Annotated[
    int, typer.Option(help="Of the order of molecules and the masks, the same for all encoders.")
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on from the last checkpoint.")]


@dataclass(frozen=True)
class CorpusChoice:
    """What a user chose of a corpus."""

    corpus: str
    molecules: int | None
    renumberings: int
    max_length: int
    max_atoms: int
    exclude_evaluation: bool
    workers: int | None
    mirror: str | None
    offline: bool

    def __post_init__(self) -> None:
        from w2s_mol.molecules.limits import check_max_atoms

        check_max_atoms(self.max_atoms)  # before anything is fetched

    @property
    def preparation(self) -> Preparation:
        """How each molecule is to be prepared."""
        from w2s_mol.pretraining.shards import Preparation

        return Preparation(self.renumberings, self.max_length, max_atoms=self.max_atoms)


@dataclass(frozen=True)
class TrainingChoice:
    """What a user chose of a training."""

    epochs: int
    batch_size: int
    objectives: str
    precision: PrecisionOrAuto
    order_seed: int
    device: str
    resume: bool
    output_dir: Path


def prepare(path: Path, choice: CorpusChoice, exclude: Mapping[str, list[str]]) -> PreparedCorpus:
    """Prepare a corpus and say what of it was left out."""
    from w2s_mol.pretraining.corpus import CorpusSettings, prepare_corpus

    settings = CorpusSettings(lines=choice.molecules, preparation=choice.preparation)
    with output.progress_bars() as progress:
        corpus = prepare_corpus(path, settings, exclude, choice.workers, progress)
    for reason, count in corpus.rejected.items():
        lines = "line" if count == 1 else "lines"
        output.note(f"note: {count:,} {lines} of {corpus.name} left out: {reason}.")
    if corpus.rejected:
        output.note(f"They are listed in {corpus.rejected_list}")
    return corpus


def corpus_files(choice: CorpusChoice) -> tuple[Path, Path | None]:
    """Return the files to train on and, of GuacaMol, which is fetched, to validate on."""
    if choice.corpus == GUACAMOL:
        return _guacamol(choice)
    if not Path(choice.corpus).is_file():
        raise InputError(
            f"--corpus {choice.corpus} is not a file. Give one with one SMILES a line, or "
            f"{GUACAMOL}, which is fetched."
        )
    return Path(choice.corpus), None


def chosen(kind: type[Choice], context: typer.Context) -> Choice:
    """Return the part of a call's options that a choice is made of."""
    return kind(**{field.name: context.params[field.name] for field in fields(kind)})


def train(context: typer.Context, encoders: Mapping[str, EncoderSettings]) -> None:
    """Prepare the corpus, train encoders side by side, print the validation loss of each."""
    from w2s_mol.encoders.transformer import resolve_device
    from w2s_mol.pretraining import devices, objectives
    from w2s_mol.pretraining.run import check_before_preparing, pretrain_encoders
    from w2s_mol.pretraining.settings import TrainingSettings

    training = chosen(TrainingChoice, context)
    device = resolve_device(training.device)
    devices.join_processes(device)
    if not devices.is_first_process():
        output.verbosity = output.QUIET
    asked = training.precision
    precision = devices.best_precision(device) if asked == "auto" else asked
    settings = TrainingSettings(
        epochs=training.epochs,
        batch_size=training.batch_size,
        objectives=objectives.Objectives.parse(training.objectives),
        precision=precision,
        order_seed=training.order_seed,
    )
    check_before_preparing(
        encoders,
        settings,
        chosen(CorpusChoice, context).preparation,
        training.output_dir,
        training.resume,
    )
    with devices.first_process_first():
        train_corpus, validation = _corpora(context)
    output.note(
        f"{len(train_corpus):,} molecules to train on, {len(validation):,} to validate, "
        f"{device}, {settings.precision}"
    )
    with output.progress_bars() as progress:
        made = pretrain_encoders(
            encoders,
            settings,
            train_corpus,
            validation,
            training.output_dir,
            resume=training.resume,
            device=device,
            progress=progress,
        )
    if devices.is_first_process():
        for name, account in made.items():
            output.result(
                f"{training.output_dir / name}: validation loss {account['final']['loss']:.4f}"
            )


def _corpora(context: typer.Context) -> tuple[PreparedCorpus, PreparedCorpus]:
    from w2s_mol.pretraining.corpus import hold_out
    from w2s_mol.pretraining.corpus_file import check_is_file

    choice = chosen(CorpusChoice, context)
    most = context.params["valid_molecules"]
    train_file, own_valid = corpus_files(choice)
    valid_corpus = context.params["valid_corpus"] or own_valid
    if valid_corpus is not None:
        check_is_file(valid_corpus)
    exclude = molecules_to_leave_out(choice)
    train_corpus = prepare(train_file, choice, exclude)
    if valid_corpus is None:
        return hold_out(train_corpus, most)
    return train_corpus, prepare(valid_corpus, replace(choice, molecules=most), exclude)


def _guacamol(choice: CorpusChoice) -> tuple[Path, Path]:
    from w2s_mol.datasets.fetch import fetch

    with output.progress_bars() as progress:
        train_file, valid_file, _ = fetch(GUACAMOL, choice.mirror, choice.offline, progress)
    return train_file, valid_file


def molecules_to_leave_out(choice: CorpusChoice) -> dict[str, list[str]]:
    """Return the SMILES of the evaluation datasets, by name, if they are to be left out."""
    if not choice.exclude_evaluation:
        return {}
    from w2s_mol.datasets.loading import PAPER_DATASETS, load_dataset

    with output.progress_bars() as progress:
        return {
            name: list(
                load_dataset(
                    name, mirror=choice.mirror, offline=choice.offline, progress=progress
                ).smiles
            )
            for name in PAPER_DATASETS
        }
