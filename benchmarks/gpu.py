"""Embedding and pretraining on a GPU: molecules a second, and the share of the card's peak.

The peak is measured beside them: the rate of one large matrix product in bfloat16. Without a GPU
it says so and measures nothing.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

import torch
from common import Claim, report

from w2s_mol.datasets.builtin import generate
from w2s_mol.encoders.loading import load_encoder
from w2s_mol.encoders.smiles_bert import bert_config, new_bert, save_encoder
from w2s_mol.pretraining.corpus import PreparedCorpus, hold_out, prepare_corpus
from w2s_mol.pretraining.run import pretrain_encoders
from w2s_mol.pretraining.settings import PAPER_HIDDEN_SIZES, EncoderSettings, TrainingSettings
from w2s_mol.progress import silent

_MOLBERT = EncoderSettings(hidden=768, layers=12, heads=12)
_FULL_TASK = 2 * 1_200_000  # two epochs of the paper's corpus
_MINUTES_WANTED = 10


def peak_flops(size: int = 8192, rounds: int = 20) -> float:
    """Return the floating-point operations a second of a large product in bfloat16."""
    a = torch.randn(size, size, device="cuda", dtype=torch.bfloat16)
    a @ a
    torch.cuda.synchronize()
    started = time.perf_counter()
    for _ in range(rounds):
        a @ a
    torch.cuda.synchronize()
    return 2 * size**3 * rounds / (time.perf_counter() - started)


def forward_flops(settings: EncoderSettings, lengths: list[int]) -> float:
    """Return the operations of the matrix products of one pass over sequences.

    A layer has 12 hidden^2 weights, two operations each for every token, and two products of
    length^2 * hidden for attention (Kaplan et al. 2020, section 2.1).
    """
    hidden, layers = settings.hidden, settings.layers
    return sum(layers * (24 * hidden**2 * n + 4 * n**2 * hidden) for n in lengths)


def embedding_rate(folder: Path, smiles: list[str], precision: str) -> tuple[float, float]:
    """Return the molecules a second of an encoder of MolBERT's size, and its operations a second.

    They are tokens before the clock starts.
    """
    place = folder / "molbert-size"
    if not place.exists():
        save_encoder(new_bert(bert_config(768, 12, 12)), place, "random weights")
    encoder = load_encoder(str(place), "cuda", precision=precision)  # type: ignore[arg-type]
    encoder.embed(smiles[:256])
    prepared = [encoder._prepare(text) for text in smiles]
    started = time.perf_counter()
    encoder._compute(prepared, "mean+pooled", silent)
    seconds = time.perf_counter() - started
    return len(smiles) / seconds, forward_flops(_MOLBERT, list(map(len, prepared))) / seconds


def training_seconds(
    encoders: dict[str, EncoderSettings], corpus: PreparedCorpus, epochs: int
) -> float:
    """Return the seconds of a training in bf16, with ten small validations and checkpoints."""
    settings = TrainingSettings(epochs=epochs, precision="bf16")
    with tempfile.TemporaryDirectory() as place:
        made = pretrain_encoders(
            encoders, settings, *hold_out(corpus, 16), Path(place), device=torch.device("cuda")
        )
    return float(next(iter(made.values()))["seconds"])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--molecules", type=int, default=20_000)
    given = parser.parse_args()
    if not torch.cuda.is_available():
        print("\n## GPU\nThere is no GPU here: nothing was measured.")
        return
    smiles = [text for text, _ in generate(given.molecules)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["W2S_MOL_HOME"] = str(folder / "home")
        (folder / "corpus.smi").write_text("\n".join(smiles))
        corpus = prepare_corpus(folder / "corpus.smi")
        peak = peak_flops()
        slow, _ = embedding_rate(folder, smiles, "fp32")
        fast, operations = embedding_rate(folder, smiles, "bf16")
        large = training_seconds({"molbert-size": _MOLBERT}, corpus, 1)
        family = {f"h{size}": EncoderSettings(size) for size in PAPER_HIDDEN_SIZES}
        together = training_seconds(family, corpus, 2)
        alone = sum(training_seconds({n: one}, corpus, 2) for n, one in family.items())
    minutes = together / (2 * len(corpus)) * _FULL_TASK / 60
    learning = 3 * forward_flops(_MOLBERT, corpus.lengths[0].tolist())  # forward, twice backward
    report(
        f"GPU: {torch.cuda.get_device_name()}, {len(smiles):,} molecules",
        [
            f"peak, measured: {peak / 1e12:,.0f} TFLOP/s in bfloat16",
            f"embedding, MolBERT's size, fp32: {slow:,.0f}/s",
            f"the same in bf16: {fast:,.0f}/s, {operations / peak:.0%} of the peak",
            f"pretraining it, bf16: {len(corpus) / large:,.0f}/s, {learning / large / peak:.0%}",
            f"the family of eight: {2 * len(corpus) / together:,.0f} molecules/s",
        ],
        [
            Claim("minutes for the family, 2 x 1.2 million", minutes, _MINUTES_WANTED, False),
            Claim("side by side against one after another", together / alone, 0.5, False),
        ],
    )


if __name__ == "__main__":
    main()
