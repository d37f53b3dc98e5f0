"""What a pretraining is asked to do: every setting, its default, its type and its option.

Imports nothing heavy. What the engine is given of it is in ``settings``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from w2s_mol.encoders.devices import Precision
from w2s_mol.errors import InputError
from w2s_mol.molecules.limits import MAX_ATOMS, MaxAtoms, check_max_atoms
from w2s_mol.option import Option
from w2s_mol.pretraining.objectives import Objectives
from w2s_mol.pretraining.settings import (
    PAPER_HIDDEN_SIZES,
    EncoderSettings,
    TorchSeed,
    TrainingSettings,
)
from w2s_mol.settings_check import Count, Positive, Range, checked

GUACAMOL = "guacamol"
"""The corpus that is fetched, with molecules to validate on."""
ALL = "all"
"""The paper's hidden sizes."""


@dataclass(frozen=True, kw_only=True)
class CorpusConfig:
    """A corpus and how it is prepared; every field is an option of ``w2s-mol prepare-corpus``.

    Attributes
    ----------
    corpus
        ``guacamol``, or the path of a file with one SMILES a line, plain or compressed.
    molecules
        Take the first so many lines; None takes all.
    renumberings
        Random atom orders of each molecule; an epoch reads one.
    max_length
        Molecules of more tokens are left out, [CLS] and [SEP] counted.
    max_atoms
        Molecules of more atoms are left out; at most 5,000.
    exclude_evaluation
        Leave out the molecules of ESOL, FreeSolv and Lipop, which are fetched.
    """

    corpus: Annotated[
        str,
        Option(
            means="name or path",
            metavar="guacamol|FILE",
            help="guacamol (fetched), or a file with one SMILES a line: plain, .gz, .bz2, .xz, "
            ".zst.",
        ),
    ] = GUACAMOL
    molecules: Annotated[
        Count | None, Option(help="Take the first so many lines of the corpus.")
    ] = None
    renumberings: Annotated[
        Count, Option(help="Random atom orders of each molecule; an epoch reads one.")
    ] = 2
    max_length: Annotated[
        int, Range(3, 512), Option(help="Leave out molecules of more tokens.")
    ] = 128
    max_atoms: MaxAtoms = MAX_ATOMS
    exclude_evaluation: Annotated[
        bool,
        Option(
            help="Leave out molecules of ESOL, FreeSolv and Lipop (fetched), whatever their stereo."
        ),
    ] = False

    def __post_init__(self) -> None:
        for name, value in checked(self).items():
            object.__setattr__(self, name, value)
        check_max_atoms(self.max_atoms)


@dataclass(frozen=True, kw_only=True)
class PretrainingConfig(CorpusConfig):
    """What weak and strong encoders are trained on alike, and how.

    Attributes
    ----------
    valid_corpus
        A file of molecules for the validation loss; by default GuacaMol's own, or every 50th
        molecule of the corpus, which is then not trained on.
    valid_molecules
        At most so many of them.
    epochs, batch_size, learning_rate, dropout, order_seed
        As in ``TrainingSettings`` and ``EncoderSettings``.
    objectives
        As ``Objectives.parse`` reads them, for example ``mlm,descriptors=10``.
    precision
        ``auto``, which is ``bf16`` on a GPU that computes in it, ``fp32`` or ``bf16``.
    """

    valid_corpus: Annotated[
        str | None,
        Option(
            means="path",
            metavar="FILE",
            help="Molecules for the validation loss. Default: guacamol's own, or every 50th "
            "molecule of the corpus, which is then not trained on.",
        ),
    ] = None
    valid_molecules: Annotated[
        Count, Option(help="At most so many of them (of --valid-corpus: lines).")
    ] = 4000
    epochs: Annotated[Count, Option(help="Passes over the corpus.")] = 2
    batch_size: Annotated[Count, Option(help="Molecules a step, over all devices.")] = 128
    learning_rate: Annotated[
        Positive | None,
        Option(help="AdamW's, at its highest. Default: 0.15 / hidden size, at most 0.003."),
    ] = None
    dropout: Annotated[float, Range(0, 0.9), Option(help="MolBERT had 0.1.")] = 0.0
    objectives: Annotated[
        str,
        Option(
            metavar="NAME[=WEIGHT],...",
            help="Of mlm, descriptors and pairs (are two SMILES one molecule?), each with its "
            "weight.",
        ),
    ] = "mlm,descriptors"
    precision: Annotated[
        Literal["auto", "fp32", "bf16"], Option(help="auto: bf16 on a GPU, fp32 on a CPU.")
    ] = "auto"
    order_seed: Annotated[
        TorchSeed,
        Option(help="Of the order of molecules and the masks, the same for all encoders."),
    ] = 0

    def training(self, best: Precision) -> TrainingSettings:
        """Return what the encoders share, given the precision that ``auto`` stands for."""
        return TrainingSettings(
            epochs=self.epochs,
            batch_size=self.batch_size,
            objectives=Objectives.parse(self.objectives),
            precision=best if self.precision == "auto" else self.precision,
            order_seed=self.order_seed,
        )

    def encoders(self) -> dict[str, EncoderSettings]:
        """Return what is each encoder's own, by its name."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class WeakConfig(PretrainingConfig):
    """Weak encoders, one of each size and seed; every field is an option of ``pretrain-weak``.

    Attributes
    ----------
    hidden
        Hidden sizes, as numbers or text; ``all`` stands for the paper's.
    layers, heads
        Of each encoder.
    seed
        Seeds of the initial weights.
    """

    hidden: Annotated[
        tuple[str, ...],
        Option(
            metavar="SIZE",
            help="Hidden size; repeatable. 'all': the paper's 8, 12, 16, 24, 32, 48, 64, 96.",
        ),
    ]
    layers: Annotated[Count, Option(help="Transformer layers.")] = 2
    heads: Annotated[Count, Option(help="Attention heads; they divide the hidden size.")] = 2
    seed: Annotated[tuple[TorchSeed, ...], Option(help="Of the initial weights. Repeatable.")] = (
        0,
    )

    def __post_init__(self) -> None:
        given: Any = self.hidden
        several = given if isinstance(given, list | tuple) else (given,)
        texts = tuple(str(size) if isinstance(size, int) else size for size in several)
        object.__setattr__(self, "hidden", texts)
        super().__post_init__()

    def encoders(self) -> dict[str, EncoderSettings]:
        """Return what is each encoder's own, by its name.

        Raises
        ------
        InputError
            If a size cannot be used.
        """
        return {
            f"weak-h{size}-s{seed}": EncoderSettings(
                size, self.layers, self.heads, self.learning_rate, self.dropout, seed
            )
            for size in self._sizes()
            for seed in self.seed
        }

    def _sizes(self) -> list[int]:
        sizes: list[int] = []
        for text in self.hidden:
            if text == ALL:
                sizes += PAPER_HIDDEN_SIZES
                continue
            try:
                sizes.append(int(text))
            except ValueError:
                raise InputError(
                    f"hidden size {text!r} should be a whole number, or 'all'."
                ) from None
        return list(dict.fromkeys(sizes))


@dataclass(frozen=True, kw_only=True)
class StrongConfig(PretrainingConfig):
    """One strong encoder; every field is an option of ``pretrain-strong``.

    Attributes
    ----------
    hidden, layers, heads
        MolBERT has 768, 12 and 12.
    seed
        Of the initial weights.
    """

    hidden: Annotated[int, Option(help="Hidden size; MolBERT has 768.")] = 256
    layers: Annotated[Count, Option(help="Transformer layers; MolBERT has 12.")] = 6
    heads: Annotated[
        Count, Option(help="Attention heads; they divide the hidden size. MolBERT has 12.")
    ] = 8
    epochs: Annotated[Count, Option(help="Passes over the corpus.")] = 10
    seed: Annotated[TorchSeed, Option(help="Of the initial weights.")] = 0

    def encoders(self) -> dict[str, EncoderSettings]:
        """Return what is the encoder's own, by its name."""
        name = f"strong-h{self.hidden}-l{self.layers}-s{self.seed}"
        settings = EncoderSettings(
            self.hidden, self.layers, self.heads, self.learning_rate, self.dropout, self.seed
        )
        return {name: settings}
