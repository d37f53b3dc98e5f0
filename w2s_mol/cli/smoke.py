"""Does this installation work? Every verb once, on a few molecules, in under a minute.

``python -m w2s_mol.cli.smoke`` needs no network and leaves nothing behind. The molecules are
ninety of each of ESOL, FreeSolv and Lipop where ``W2S_MOL_MIRROR`` has them, else of the dataset
that is shipped.
"""

from __future__ import annotations

import csv
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from w2s_mol import paths
from w2s_mol.cli.main import main as program

if TYPE_CHECKING:
    from w2s_mol.datasets.dataset import Dataset

DATASETS = ("esol", "freesolv", "lipop")
_MOLECULES = 90
_INTERRUPTED = 130

_TABLES = [word for name in DATASETS for word in ("--dataset", f"{name}.csv")]
_ONE = ["--dataset", "esol.csv", "--target-column", "y"]
_WEAK = ["--weak", "weak-h8-s0", "--weak", "weak-h16-s0"]
_CPU = ["--device", "cpu", "--offline"]
_SMALL = ["--hidden", "24", "--layers", "2", "--heads", "2"]
_TRAINING = ["--corpus", "corpus.smi", "--epochs", "1", "--workers", "1", *_CPU]
_PLAN = """\
dataset = ["esol.csv"]
target-column = "y"
weak = ["weak-h8-s0"]
strong = [["ecfp"], ["weak-h16-s0"]]
split-seed = [0]
"""

STEPS: tuple[tuple[str, ...], ...] = (
    ("run", *_TABLES, "--target-column", "y", *_WEAK, "--strong", "ecfp", "--offline", "-o", "run"),
    ("sweep", "plan.toml", "--offline", "-o", "swept"),
    ("select", "run"),
    ("recommend", "run"),
    ("inspect", "run", "--molecules", "2", "-o", "inspection"),
    ("predict", "library.csv", "--run", "run", "--dataset", "esol", "-o", "predictions.csv"),
    ("fit", "--run", "run", "--dataset", "esol", "-o", "fitted"),
    ("statistics", "run", "--replicates", "100"),
    ("diagnose", *_ONE, *_WEAK, "--strong", "ecfp", "--offline"),
    ("figures", "run", "-o", "figures"),
    ("report", "run", "--replicates", "100", "-o", "report.html"),
    ("synthetic", "-e", "perturbation", "--finetuning-samples", "40", "-M", "3", "-o", "synthetic"),
    ("reproduce", "--dry-run", "--offline"),
    ("embed", "library.csv", "--encoder", "weak-h8-s0", "--offline", "-o", "vectors.parquet"),
    ("prepare-corpus", "--corpus", "corpus.smi", "--workers", "1", "--offline"),
    ("pretrain-weak", "--hidden", "8", *_TRAINING, "-o", "weak"),
    ("pretrain-strong", *_SMALL, *_TRAINING, "-o", "strong"),
    ("adapt", "weak-h8-s0", *_ONE, "--epochs", "1", "--head-epochs", "1", "--workers", "1", *_CPU),
    ("convert-molbert", "release/checkpoints/last.ckpt", "-o", "molbert"),
    ("encoders",),
    ("data", "list"),
    ("cache", "list"),
)
"""The verbs with what they are given: files that `make_inputs` and the steps before have made."""


def make_inputs(folder: Path) -> str:
    """Write the tables and other files that the steps read, and return whose molecules they are."""
    known, whose = _molecules()
    for name, rows in known.items():
        _write_table(folder / f"{name}.csv", rows)
    smiles = [row[0] for row in known[DATASETS[0]]]
    _write_table(folder / "library.csv", known[DATASETS[0]][:20])
    (folder / "corpus.smi").write_text("\n".join(smiles) + "\n", encoding="utf-8")
    (folder / "plan.toml").write_text(_PLAN, encoding="utf-8")
    _write_checkpoint(folder / "release")
    return whose


def _molecules() -> tuple[dict[str, list[tuple[str, float]]], str]:
    from w2s_mol.datasets.loading import load_dataset

    if paths.mirror():
        whose = "ESOL, FreeSolv and Lipop"
        loaded = [load_dataset(name, offline=True) for name in DATASETS]
        rows = [_rows(dataset)[:_MOLECULES] for dataset in loaded]
    else:
        whose = "computed-logp, in three parts"
        shipped = _rows(load_dataset("computed-logp"))
        starts = range(0, len(DATASETS) * _MOLECULES, _MOLECULES)
        rows = [shipped[start : start + _MOLECULES] for start in starts]
    return dict(zip(DATASETS, rows, strict=True)), whose


def _rows(dataset: Dataset) -> list[tuple[str, float]]:
    return [*zip(dataset.smiles, map(float, dataset.labels), strict=True)]


def _write_table(path: Path, rows: list[tuple[str, float]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("smiles", "y"), *rows])


def _write_checkpoint(folder: Path) -> None:
    """Write an untrained encoder as MolBERT's release has its own."""
    import torch

    from w2s_mol.encoders.smiles_bert import bert_config, new_bert

    hidden, positions = 8, "embeddings.position_embeddings"
    state = dict(new_bert(bert_config(hidden, 1, 2)).state_dict())
    del state[f"{positions}.weight"]
    state[f"{positions}.inv_freq"] = 1 / 10000 ** (torch.arange(0.0, hidden, 2.0) / hidden)
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "hparams.yaml").write_text("tiny: true\n", encoding="utf-8")
    torch.save(
        {"state_dict": {f"model.bert.{name}": tensor for name, tensor in state.items()}},
        folder / "checkpoints" / "last.ckpt",
    )


@contextmanager
def _said_to(file: Path) -> Iterator[None]:
    """Lead all that is printed, also by libraries, to a file."""
    sys.stdout.flush()
    kept = os.dup(1), os.dup(2)
    with file.open("wb") as opened:
        os.dup2(opened.fileno(), 1)
        os.dup2(opened.fileno(), 2)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, copy in enumerate(kept, start=1):
            os.dup2(copy, number)
            os.close(copy)


def call(arguments: tuple[str, ...], log: Path) -> int:
    """Call the program in this process, what it says led to a file, and return its exit code."""
    with _said_to(log):
        try:
            program(list(arguments))
        except SystemExit as end:
            return int(end.code or 0)
        except Exception:  # noqa: BLE001 - the next verb is to be tried all the same
            sys.excepthook(*sys.exc_info())
    return 1


def main() -> int:
    """Call every verb, print a line for each, and return 0 where all of them worked."""
    begin, failed = time.monotonic(), []
    with tempfile.TemporaryDirectory(prefix="w2s-mol-smoke-") as place, chdir(place):
        os.environ["W2S_MOL_HOME"] = str(Path(place) / "home")
        whose = make_inputs(Path(place))
        print(f"{_MOLECULES} molecules each of {whose}; ready in {time.monotonic() - begin:.1f} s")
        for step in STEPS:
            verb, since = step[0], time.monotonic()
            code = call(step, Path(place) / "log")
            print(f"{verb:16} {'ok' if code == 0 else f'exit code {code}':12} "
                  f"{time.monotonic() - since:5.1f} s", flush=True)  # fmt: skip
            if code == _INTERRUPTED:
                return code
            if code:
                failed.append(verb)
                print((Path(place) / "log").read_text(errors="replace"), file=sys.stderr)
    said = f"failed: {', '.join(failed)}" if failed else f"{len(STEPS)} verbs work"
    print(f"{said}, in {time.monotonic() - begin:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
