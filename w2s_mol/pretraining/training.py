"""Training one encoder on a prepared corpus, with transformers' Trainer for the loop."""

from __future__ import annotations

import json
import math
import shutil
import time
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import nn
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainingArguments, set_seed
from transformers.trainer_utils import get_last_checkpoint
from transformers.utils.logging import disable_progress_bar

from w2s_mol import __version__, files
from w2s_mol.encoders.smiles_bert import bert_config, save_encoder
from w2s_mol.errors import InputError, W2SMolError
from w2s_mol.pretraining.batches import Batches
from w2s_mol.pretraining.corpus import PreparedCorpus
from w2s_mol.pretraining.model import PretrainingModel
from w2s_mol.pretraining.model_card import METADATA, model_card
from w2s_mol.pretraining.settings import PretrainingSettings
from w2s_mol.progress import Progress, silent

_SAVES_PER_RUN = 10
_VALIDATION_SEED = 20_240_524  # the validation masks are the same for every encoder


class _Trainer(Trainer):
    """A Trainer that logs each part of the loss and validates on fixed batches."""

    def __init__(self, validation: Batches, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._validation = validation
        self._sums: dict[str, float] = defaultdict(float)
        self._count = 0

    def compute_loss(
        self, model: nn.Module, inputs: dict[str, torch.Tensor], **_: Any
    ) -> torch.Tensor:
        losses = model(**inputs)
        for name, value in losses.items():
            self._sums[name] += value.detach()
        self._count += 1
        return losses["loss"]  # type: ignore[no-any-return]

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        if self._count and "loss" in logs:
            means = {f"train_{n}": float(s) / self._count for n, s in self._sums.items()}
            self._sums.clear()
            self._count = 0
            if not math.isfinite(means["train_loss"]):
                raise W2SMolError(
                    f"the training loss became {means['train_loss']} before step "
                    f"{self.state.global_step}. Try a smaller --learning-rate; the last "
                    f"checkpoint is in {self.args.output_dir}."
                )
            logs = {**means, "learning_rate": logs["learning_rate"]}
        super().log(logs, start_time)

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        self.model.eval()
        sums: dict[str, float] = defaultdict(float)
        with torch.inference_mode():
            for step in range(len(self._validation)):
                inputs = self._prepare_inputs(self._validation[step])
                for name, value in self.model(**inputs).items():
                    sums[name] += float(value)
        metrics = {f"valid_{n}": s / len(self._validation) for n, s in sums.items()}
        self.log(metrics)
        self.model.train()
        return metrics


class _Reporter(TrainerCallback):
    def __init__(self, work: str, progress: Progress) -> None:
        self._work, self._progress = work, progress

    def on_step_end(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
        self._progress(self._work, state.global_step, state.max_steps)


def _arguments(settings: PretrainingSettings, folder: Path, steps: int, cpu: bool):  # type: ignore[no-untyped-def]
    interval = max(1, steps // _SAVES_PER_RUN)
    arguments = TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=1,  # Batches holds all epochs as one
        per_device_train_batch_size=1,  # an item of Batches is a whole batch
        train_sampling_strategy="sequential",
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
        warmup_steps=round(settings.warmup * steps),
        lr_scheduler_type="linear",
        max_grad_norm=1.0,
        logging_steps=interval,
        eval_strategy="steps",
        eval_steps=interval,
        save_steps=interval,
        save_total_limit=2,
        seed=settings.seed,
        use_cpu=cpu,
        bf16=not cpu,
        report_to="none",
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_pin_memory=not cpu,
    )
    if arguments.n_gpu > 1:
        # The Trainer would deal one batch to each GPU and the collator would keep the first.
        arguments._n_gpu = 1  # noqa: SLF001
    return arguments


def pretrain_encoder(
    settings: PretrainingSettings,
    train: PreparedCorpus,
    validation: PreparedCorpus,
    folder: Path,
    resume: bool = False,
    device: torch.device | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Pretrain one encoder and save it as a folder that ``AutoModel`` loads.

    Parameters
    ----------
    settings, train, validation
        What to train on what; the validation loss is logged and written, and chooses nothing.
    folder
        Where the encoder goes. A finished encoder made with the same settings on the same corpus
        is left as it is. While training, ``checkpoints_folder(folder)`` holds what a resumed run
        needs.
    resume
        Go on from the last checkpoint, if there is one; the result is that of a run never
        stopped (bit for bit on a CPU).

    Returns
    -------
    dict
        How it was made, as in its ``w2s_mol.json``: the settings, the corpus, the losses.

    Raises
    ------
    InputError
        If ``folder`` holds another encoder, or an unfinished one and ``resume`` is not asked for.
    W2SMolError
        If the loss becomes NaN or infinite.
    """
    device = device or torch.device("cpu")
    recipe = {
        **asdict(settings),
        "corpus": train.name,
        "corpus_sha256": train.sha256,
        "molecules": len(train),
        "validation_corpus": validation.name,
        "validation_sha256": validation.sha256,
        "validation_molecules": len(validation),
    }
    finished = _finished(folder, recipe)
    if finished is not None:
        return finished
    checkpoints = checkpoints_folder(folder)
    last = _checkpoint_to_resume(checkpoints, recipe, resume)
    files.write_json(checkpoints / "recipe.json", recipe)

    batches = Batches(train, settings.batch_size, settings.epochs, settings.seed)
    set_seed(settings.seed)
    model = PretrainingModel(
        bert_config(settings.hidden, settings.layers, settings.heads, dropout=settings.dropout)
    )
    trainer = _Trainer(
        validation=Batches(validation, 256, 1, _VALIDATION_SEED),
        model=model,
        args=_arguments(settings, checkpoints, len(batches), device.type == "cpu"),
        train_dataset=batches,
        eval_dataset=batches,  # the Trainer wants one; evaluate() reads the fixed batches
        data_collator=lambda items: items[0],
        callbacks=[_Reporter(f"pretraining {folder.name}", progress)],
    )
    trainer.remove_callback(PrinterCallback)
    started = time.monotonic()
    disable_progress_bar()
    try:
        trainer.train(resume_from_checkpoint=last)
    except (OSError, RuntimeError, SafetensorError) as error:
        if not files.disk_is_full(checkpoints):
            raise
        raise W2SMolError(
            f"no space left in {checkpoints.parent}. Free some and run it again with --resume."
        ) from error
    seconds = time.monotonic() - started
    final = _loss_entry(trainer.evaluate())
    metadata = {
        "w2s_mol": __version__,
        **recipe,
        "steps": trainer.state.global_step,
        "final": final,
        "seconds_since_start_or_resume": round(seconds, 1),
        "device": _device_name(device),
        "history": [_loss_entry(entry) for entry in trainer.state.log_history[:-2]],
    }
    with files.atomic_folder(folder) as temporary:
        save_encoder(model.encoder, temporary, model_card(folder.name, metadata))
        files.write_json(temporary / METADATA, metadata)
    shutil.rmtree(checkpoints, ignore_errors=True)
    return metadata


def checkpoints_folder(folder: Path) -> Path:
    """Return the folder beside an encoder's that holds its checkpoints while it is trained."""
    return folder.parent / f".{folder.name}.training"


def _finished(folder: Path, recipe: dict[str, Any]) -> dict[str, Any] | None:
    """Return how the encoder in a folder was made, None if there is none."""
    if not folder.exists():
        return None
    if not (folder / METADATA).is_file():
        raise InputError(f"{folder} holds something else. Choose another --output-dir.")
    return _refuse_other_recipe(folder, folder / METADATA, recipe)


def _checkpoint_to_resume(folder: Path, recipe: dict[str, Any], resume: bool) -> str | None:
    if not (folder / "recipe.json").exists():
        return None
    if not resume:
        raise InputError(
            f"{folder} holds an unfinished encoder. Pass --resume to go on with it, or remove "
            "that folder to start again."
        )
    _refuse_other_recipe(folder, folder / "recipe.json", recipe)
    return _last_whole_checkpoint(folder)


def _last_whole_checkpoint(folder: Path) -> str | None:
    """Return the newest whole checkpoint, removing those that a kill left half-written.

    The Trainer writes a checkpoint's ``trainer_state.json`` last.
    """
    while checkpoint := get_last_checkpoint(str(folder)):
        try:
            json.loads((Path(checkpoint) / "trainer_state.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            shutil.rmtree(checkpoint)
        else:
            return str(checkpoint)
    return None


def _refuse_other_recipe(folder: Path, written: Path, recipe: dict[str, Any]) -> dict[str, Any]:
    """Return what was written of an encoder's making; raise if it is not this recipe."""
    try:
        there: dict[str, Any] = json.loads(written.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{written} is not JSON: {error}. Remove {folder}.") from error
    for name, value in recipe.items():
        if there.get(name) != value:
            raise InputError(
                f"{folder} was begun with {name} {there.get(name)}, not {value}. Use the same "
                "settings and corpus, choose another --output-dir, or remove it."
            )
    return there


def _loss_entry(entry: dict[str, Any]) -> dict[str, float]:
    """Leave out the Trainer's epoch, which counts the whole run as one."""
    return {name: value for name, value in entry.items() if name != "epoch"}


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"cpu, {torch.get_num_threads()} threads"
