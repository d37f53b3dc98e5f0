"""Training encoders side by side on a prepared corpus, with transformers' Trainer for the loop."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainingArguments
from transformers.trainer_callback import ExportableState
from transformers.utils.logging import disable_progress_bar

from w2s_mol.errors import W2SMolError
from w2s_mol.pretraining.batches import Batch, Batches
from w2s_mol.pretraining.corpus import PreparedCorpus
from w2s_mol.pretraining.model import TOTAL, Family
from w2s_mol.pretraining.settings import TrainingSettings
from w2s_mol.progress import Progress

_SAVES_PER_RUN = 10
_MOST_STEPS_UNSAVED = 2_000
_STEPS_UNCHECKED = 100
_VALIDATION_SEED = 20_240_524  # the validation masks are the same for every encoder
_VALIDATION_BATCH = 256
_MAX_GRADIENT_NORM = 1.0

Losses = dict[str, dict[str, float]]
"""Each encoder's losses, by the encoder's name and the loss's."""


@dataclass(frozen=True)
class Trained:
    """What came of a training, beside the weights.

    Attributes
    ----------
    steps
        How many were taken.
    seconds
        All sessions of a resumed training together.
    history
        Per encoder, an entry for each part of the training: its mean ``train_*`` losses up to a
        ``step``, or its ``valid_*`` losses at one.
    final
        Per encoder, the validation losses at the end.
    """

    steps: int
    seconds: float
    history: dict[str, list[dict[str, float]]]
    final: Losses


def train_family(
    family: Family,
    settings: TrainingSettings,
    train: PreparedCorpus,
    validation: PreparedCorpus,
    checkpoints: Path,
    last_checkpoint: str | None,
    device: torch.device,
    work: str,
    progress: Progress,
) -> Trained:
    """Train encoders side by side.

    Parameters
    ----------
    family
        Trained in place.
    settings, train, validation
        What to train on what; the validation loss is logged, and chooses nothing.
    checkpoints, last_checkpoint
        Where checkpoints go, and the one to go on from.
    device
        Where to train. Started by ``torchrun`` or ``accelerate launch``, each process takes its
        part of every batch, on its own device.
    work, progress
        What the work is called, and who is told the steps done.

    Raises
    ------
    W2SMolError
        If a loss becomes NaN or infinite.
    """
    arguments = _arguments(settings, checkpoints, train, device.type == "cpu")
    share = (arguments.process_index, arguments.world_size)
    pairs = "pairs" in settings.objectives.used()
    batches = Batches(
        train,
        settings.batch_size,
        settings.epochs,
        settings.order_seed,
        pairs=pairs,
        share=share,
    )
    family.choose_attention(settings.precision, device)
    trainer = _Trainer(
        validation=Batches(validation, _VALIDATION_BATCH, 1, _VALIDATION_SEED, pairs=pairs),
        model=family,
        args=arguments,
        train_dataset=batches,
        eval_dataset=batches,  # the Trainer wants one; evaluate() reads the fixed batches
        callbacks=[_Clock(), _Reporter(work, progress)],
    )
    trainer.remove_callback(PrinterCallback)
    disable_progress_bar()
    trainer.train(resume_from_checkpoint=last_checkpoint)
    # The Trainer puts another clock in place of ours when it goes on from a checkpoint.
    [clock] = [c for c in trainer.callback_handler.callbacks if isinstance(c, _Clock)]
    seconds = clock.seconds
    final = trainer.validate()
    return Trained(
        steps=trainer.state.global_step,
        seconds=seconds,
        history=_by_encoder(trainer.state.log_history, list(family.members())),
        final=final,
    )


def _arguments(
    settings: TrainingSettings, folder: Path, train: PreparedCorpus, cpu: bool
) -> TrainingArguments:
    steps = math.ceil(len(train) / settings.batch_size) * settings.epochs
    interval = max(1, min(steps // _SAVES_PER_RUN, _MOST_STEPS_UNSAVED))
    arguments = TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=1,  # Batches holds all epochs as one
        per_device_train_batch_size=1,  # an item of Batches is a whole batch
        weight_decay=settings.weight_decay,
        warmup_steps=round(settings.warmup * steps),
        lr_scheduler_type="linear",
        max_grad_norm=0,  # _ClipEach does it
        logging_steps=interval,
        eval_strategy="steps",
        eval_steps=interval,
        save_steps=interval,
        save_total_limit=2,
        seed=settings.order_seed,
        use_cpu=cpu,
        bf16=settings.precision == "bf16",
        report_to="none",
        disable_tqdm=True,
        remove_unused_columns=False,
        restore_callback_states_from_checkpoint=True,
    )
    if arguments.n_gpu > 1:
        # The Trainer would deal one batch to each GPU and the collator would keep the first.
        arguments._n_gpu = 1  # noqa: SLF001
    return arguments


class _Trainer(Trainer):
    """A Trainer of a family: each encoder has its own rate, losses and gradient norm."""

    optimizer: torch.optim.Optimizer | None

    def __init__(self, validation: Batches, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.add_callback(_ClipEach())
        self._validation = validation
        self._sums: dict[str, torch.Tensor] = {}
        self._count = 0

    def get_train_dataloader(self) -> DataLoader[Batch]:
        """Return the batches in order; each process takes its rows of them by itself."""
        on_gpu = not self.args.use_cpu
        return DataLoader(
            self.train_dataset,
            batch_size=1,
            collate_fn=_the_one,
            num_workers=int(on_gpu),  # makes the next batches while the GPU is at work
            pin_memory=on_gpu,
        )

    def create_optimizer(self, model: nn.Module | None = None) -> torch.optim.Optimizer:
        """Make AdamW with each encoder's own rate; biases and LayerNorm do not decay."""
        if self.optimizer is None:
            family = self.accelerator.unwrap_model(model or self.model)
            groups = []
            for member in family.members().values():
                decaying = set(self.get_decay_parameter_names(member))
                for decays in (True, False):
                    parameters = [
                        parameter
                        for name, parameter in member.named_parameters()
                        if parameter.requires_grad and (name in decaying) == decays
                    ]
                    groups.append(
                        {
                            "params": parameters,
                            "lr": member.settings.learning_rate,
                            "weight_decay": self.args.weight_decay if decays else 0.0,
                        }
                    )
            self.optimizer = torch.optim.AdamW(groups, fused=True)
        return self.optimizer

    def compute_loss(self, model: nn.Module, inputs: Batch, **_: Any) -> torch.Tensor:
        draw = self.state.global_step * self.args.world_size + self.args.process_index
        losses = model(inputs, draw)
        for name, parts in losses.items():
            for part, value in parts.items():
                key = _key("train", part, name)
                self._sums[key] = self._sums.get(key, 0) + value.detach()
        self._count += 1
        if self._count % _STEPS_UNCHECKED == 0:
            self._refuse_bad_losses({key: float(total) for key, total in self._sums.items()})
        return torch.stack([parts[TOTAL] for parts in losses.values()]).sum()

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        if self._count and "loss" in logs:
            means = torch.stack(list(self._sums.values())) / self._count
            means = self.accelerator.reduce(means, "mean")  # each process saw its rows
            logs = dict(zip(self._sums, means.tolist(), strict=True))
            self._sums.clear()
            self._count = 0
            self._refuse_bad_losses(logs)
        super().log(logs, start_time)

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        metrics = {
            _key("valid", part, name): value
            for name, parts in self.validate().items()
            for part, value in parts.items()
        }
        self.log(metrics)
        return metrics

    def validate(self) -> Losses:
        """Return each encoder's losses, means over batches weighted by their molecules.

        It comes before every save and at the end, so that no weights that are NaN are kept.
        """
        sums: Losses = defaultdict(lambda: defaultdict(float))
        self.model.eval()
        with torch.inference_mode():
            for step in range(len(self._validation)):
                inputs = self._prepare_inputs(self._validation[step])
                share = float(inputs["n_molecules"]) / len(self._validation.corpus)
                for name, parts in self.model(inputs).items():
                    for part, value in parts.items():
                        sums[name][part] += float(value) * share
        self.model.train()
        means = {name: dict(parts) for name, parts in sums.items()}
        self._refuse_bad_losses(
            {_key("valid", p, n): value for n, parts in means.items() for p, value in parts.items()}
        )
        return means

    def _refuse_bad_losses(self, logs: dict[str, float]) -> None:
        for key, value in logs.items():
            if not math.isfinite(value):
                _, part, name = key.split("/", 2)
                raise W2SMolError(
                    f"the {part} of {name} became {value} by step {self.state.global_step}. "
                    f"Remove {self.args.output_dir} and try a smaller --learning-rate."
                )


class _ClipEach(TrainerCallback):
    """Clips each encoder's gradient, as if it were alone."""

    def on_pre_optimizer_step(self, *_: Any, model: Family, **__: Any) -> None:
        model.clip_gradients(_MAX_GRADIENT_NORM)


class _Reporter(TrainerCallback):
    def __init__(self, work: str, progress: Progress) -> None:
        self._work, self._progress = work, progress

    def on_step_end(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
        self._progress(self._work, state.global_step, state.max_steps)


class _Clock(TrainerCallback, ExportableState):
    """Counts the seconds of a training; checkpoints keep them, so that a resumed one goes on."""

    def __init__(self, seconds: float = 0.0) -> None:
        self._before = seconds
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        return self._before + time.monotonic() - self._started

    def state(self) -> dict[str, Any]:
        return {"args": {"seconds": self.seconds}, "attributes": {}}


def _the_one(items: list[Batch]) -> Batch:
    return items[0]


def _key(kind: str, part: str, encoder: str) -> str:
    return f"{kind}/{part}/{encoder}"


def _by_encoder(log: list[dict[str, float]], names: list[str]) -> dict[str, list[dict[str, float]]]:
    """Part the Trainer's log, whose keys are ``kind/loss/encoder``, into one for each encoder."""
    history: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for entry in log:
        found: dict[str, dict[str, float]] = defaultdict(dict)
        for key, value in entry.items():
            if key.count("/") >= 2:  # the Trainer adds some of its own
                kind, part, name = key.split("/", 2)
                found[name][f"{kind}_{part}"] = value
        for name, losses in found.items():
            one = {**losses, "step": entry["step"]}
            if one not in history[name][-1:]:  # the Trainer may validate twice after the last step
                history[name].append(one)
    return history
