"""``w2s-mol adapt``: an encoder trained further on a task's molecules, without their labels."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from w2s_mol.adaptation.config import AdaptationConfig
from w2s_mol.cli import completion, options, output
from w2s_mol.cli.application import new_app
from w2s_mol.cli.declared import options_of

app = new_app()


@app.command()
def adapt(
    encoder: Annotated[
        str,
        typer.Argument(
            metavar="ENCODER",
            help="molbert, a shipped encoder, random-hHIDDEN-sSEED, adapted:NAME, or the folder of "
            "one that pretrain-weak, pretrain-strong or convert-molbert made.",
            autocompletion=completion.encoders,
        ),
    ],
    config: AdaptationConfig,
    output_dir: Annotated[
        Path | None,
        options.output_dir("The encoder's folder. Default: kept by name, as adapted:NAME."),
    ] = None,
    device: options.Device = "auto",
    workers: options.Workers = None,
    mirror: options.Mirror = None,
    offline: options.Offline = False,
) -> None:
    """Train an encoder further on a task's molecules, without their labels.

    Generative finetuning (Burns et al. 2023): masked tokens, and descriptors where the encoder was
    trained on them. Molecules in a test part of any split are left out; give the split options of
    the study that it is for. --transductive learns them too, and the name of the encoder then says
    so in every result. A study refuses an encoder that saw its test molecules and does not say so.
    Stopped at any moment, the same command goes on.

    Example: w2s-mol adapt strong-h256-l6-s0 --dataset bbbp
    """
    from w2s_mol.adaptation.adapt import adapt as adapt_encoder
    from w2s_mol.encoders.adapted import ADAPTED

    with output.progress_bars() as progress:
        done = adapt_encoder(
            encoder,
            config,
            output_dir=output_dir,
            device=device,
            workers=workers,
            mirror=mirror,
            offline=offline,
            progress=progress,
            announce=output.note,
        )
    after, before = done.after["mlm"], done.before["mlm"]
    held_out = f"{done.made['validation_molecules']:,} {done.made[ADAPTED]['held_out']}"
    output.result(
        f"{done.name}: masked-token loss {after:.4f}, {before:.4f} with the encoder left as it "
        f"was, on {held_out} that it did not learn"
    )
    shared = options_of(AdaptationConfig, config.of_the_study()) or ["--dataset", "NAME"]
    command = shlex.join(["w2s-mol", "run", *shared, "--strong", done.name])
    output.note(f"written to {done.folder}. Next: {command}")
