"""Training from a prepared corpus: the input's rate, a family against its members, the memory.

Run it alone: processor time is counted, but a busy machine's caches are shared.
"""

from __future__ import annotations

import argparse
import itertools
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import MIRROR, Claim, report

os.environ["OMP_NUM_THREADS"] = "1"

import torch

from w2s_mol.encoders.devices import Precision
from w2s_mol.pretraining.batches import Batches
from w2s_mol.pretraining.corpus import PreparedCorpus, hold_out, prepare_corpus
from w2s_mol.pretraining.corpus_file import read_lines
from w2s_mol.pretraining.model import Family
from w2s_mol.pretraining.run import pretrain_encoders
from w2s_mol.pretraining.settings import (
    PAPER_HIDDEN_SIZES,
    EncoderSettings,
    TrainingSettings,
)

_MAX_GB = 3.0


def input_rate(corpus: PreparedCorpus) -> float:
    """Return the molecules a second that batches of 128 are made at."""
    batches = Batches(corpus, 128, 100, seed=0)
    steps = range(10, 10 + 40_000 // 128)
    batches[9]
    started = time.perf_counter()
    for step in steps:
        batches[step]
    return len(steps) * 128 / (time.perf_counter() - started)


def training_time(
    sizes: tuple[int, ...], corpus: PreparedCorpus, folder: Path, precision: Precision = "fp32"
) -> float:
    """Return the processor time of a training, with its ten small validations and checkpoints."""
    encoders = {f"weak-h{size}": EncoderSettings(size) for size in sizes}
    place = Path(tempfile.mkdtemp(dir=folder))
    started = time.process_time()
    settings = TrainingSettings(precision=precision)
    pretrain_encoders(encoders, settings, *hold_out(corpus, 16), place)
    return time.process_time() - started


def profile(size: int, corpus: PreparedCorpus) -> str:
    """Return where the time of a step goes, by PyTorch's operators."""
    family = Family.new({"one": EncoderSettings(size)}, TrainingSettings().objectives)
    optimizer = torch.optim.AdamW(family.parameters(), fused=True)
    batches = Batches(corpus, 128, 100, seed=0)
    with torch.profiler.profile() as record:
        for step in range(5):
            family(batches[step])["one"]["loss"].backward()
            family.clip_gradients(1.0)
            optimizer.step()
            optimizer.zero_grad()
    averages = record.key_averages()
    total = sum(event.self_cpu_time_total for event in averages)
    shares: dict[str, float] = {}
    for event in averages:
        kind = _kind(event.key)
        shares[kind] = shares.get(kind, 0) + event.self_cpu_time_total / total
    parts = sorted(shares.items(), key=lambda item: -item[1])
    return ", ".join(f"{kind} {share:.0%}" for kind, share in parts)


def _kind(operator: str) -> str:
    kinds = {
        "matrix products": ("mm", "addmm", "bmm", "linear"),
        "attention": ("scaled_dot",),
        "GELU": ("gelu",),
        "LayerNorm": ("layer_norm",),
        "optimizer": ("Optimizer", "adam"),
        "copies and sums": ("copy", "add", "sum", "mul", "fill", "where", "zero"),
    }
    for kind, marks in kinds.items():
        if any(mark in operator for mark in marks):
            return kind
    return "the rest (calls, indexing, embedding)"


def peak_gigabytes(*arguments: str) -> float:
    """Return the largest memory of a call of the program or of one of its processes."""
    script = (
        "import resource, subprocess, sys; "
        "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    program = [sys.executable, "-m", "w2s_mol", *arguments]
    done = subprocess.run(
        [sys.executable, "-c", script, *program], capture_output=True, text=True, check=True
    )
    return int(done.stdout) * 1024 / 1e9


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--molecules", type=int, default=6000)
    parser.add_argument("--corpus", default=f"{MIRROR}/corpus/chembl_train.smiles.xz")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["W2S_MOL_HOME"] = str(folder / "home")
        lines = folder / "corpus.smi"
        lines.write_text(
            "\n".join(itertools.islice(read_lines(Path(given.corpus)), given.molecules))
        )
        options = ["--corpus", str(lines), "--quiet"]
        prepared = peak_gigabytes("prepare-corpus", *options)
        training = ["--hidden", "all", "--epochs", "1", "-o", str(folder / "encoders")]
        trained = peak_gigabytes("pretrain-weak", *options, *training)
        corpus = prepare_corpus(lines)
        rate = input_rate(corpus)
        together = training_time(PAPER_HIDDEN_SIZES, corpus, folder)
        alone = [training_time((size,), corpus, folder) for size in PAPER_HIDDEN_SIZES]
        half = [training_time((size,), corpus, folder, "bf16") for size in PAPER_HIDDEN_SIZES]
        profiles = [f"hidden {size}: {profile(size, corpus)}" for size in (8, 32, 96)]
    presentations = 2 * len(corpus)
    rates = [
        f"hidden {size} {presentations / seconds:,.0f}/s"
        for size, seconds in zip(PAPER_HIDDEN_SIZES, alone, strict=True)
    ]
    gains = [
        f"hidden {size} {full / less:.2f}"
        for size, full, less in zip(PAPER_HIDDEN_SIZES, alone, half, strict=True)
    ]
    report(
        f"Training from a prepared corpus, {len(corpus):,} molecules, one core",
        [
            f"input: {rate:,.0f} molecules/s",
            f"eight encoders side by side: {presentations / together:,.0f} molecules/s",
            f"they take {together:.0f} s together, {sum(alone):.0f} s one after another",
            f"alone: {', '.join(rates)}",
            f"times as fast in bf16: {', '.join(gains)}",
            f"largest process: {prepared:.2f} GB preparing, {trained:.2f} GB training",
            "where a step's time goes:",
            *profiles,
        ],
        [
            Claim("training input against 20,000 molecules/s", rate / 20_000, 1.0),
            Claim("side by side against one after another", together / sum(alone), 1.0, False),
            Claim("largest process against 3 GB", max(prepared, trained) / _MAX_GB, 1.0, False),
        ],
    )


if __name__ == "__main__":
    main()
