"""``w2s-mol synthetic``: the paper's synthetic experiments into a run folder."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from w2s_mol.cli import options, output

if TYPE_CHECKING:
    import pandas as pd

app = options.new_app()

_DATA = "The data and the true representation"
_PRETRAINING = "Representations"
_HEADS = "Heads of --head adamw and mlp"


@app.command()
def synthetic(
    experiment: Annotated[
        list[str],
        typer.Option(
            "--experiment",
            "-e",
            metavar="NAME",
            help="realizable, pretraining, perturbation (the paper's figures 2a, 2b, 2c), "
            "strong-to-weak-pretraining, strong-to-weak-perturbation, low-sample (3a, 3b, 3c), or "
            "all. Repeatable.",
        ),
    ] = ["all"],  # noqa: B006 -- Typer copies it
    head: Annotated[
        Literal["exact", "adamw", "mlp"],
        typer.Option(
            help="exact: least squares; adamw: the paper's descent; mlp: tasks and heads are small "
            "MLPs, a class that is not convex."
        ),
    ] = "exact",
    seeds: Annotated[
        list[int], typer.Option("--seed", help="A whole repetition for each. Repeatable.")
    ] = [0],  # noqa: B006
    output_dir: Annotated[
        Path | None,
        typer.Option(
            "--output-dir",
            "-o",
            help="The run folder. Default: runs/, named by what is not the default.",
        ),
    ] = None,
    input_dimension: Annotated[int, typer.Option(help="Of x.", rich_help_panel=_DATA)] = 8,
    input_sigma: Annotated[
        float, typer.Option(help="x ~ N(0, sigma^2 I).", rich_help_panel=_DATA)
    ] = 500.0,
    width: Annotated[
        int, typer.Option(help="Of hidden layers and representations.", rich_help_panel=_DATA)
    ] = 16,
    true_depth: Annotated[int, typer.Option(help="Layers of h*.", rich_help_panel=_DATA)] = 5,
    finetuning_tasks: Annotated[
        int, typer.Option("--finetuning-tasks", "-M", help="M.", rich_help_panel=_DATA)
    ] = 100,
    finetuning_samples: Annotated[
        int, typer.Option("--finetuning-samples", help="N_f.", rich_help_panel=_DATA)
    ] = 2000,
    weak_depth: Annotated[
        int,
        typer.Option(help="Layers of the shallow representation.", rich_help_panel=_PRETRAINING),
    ] = 2,
    strong_depth: Annotated[
        int, typer.Option(help="Layers of the deep one.", rich_help_panel=_PRETRAINING)
    ] = 8,
    pretraining_tasks: Annotated[
        int, typer.Option("--pretraining-tasks", "-T", help="T.", rich_help_panel=_PRETRAINING)
    ] = 10,
    pretraining_samples: Annotated[
        int, typer.Option(help="N_r, of each task.", rich_help_panel=_PRETRAINING)
    ] = 2000,
    low_tasks: Annotated[
        int, typer.Option(help="T of low-sample.", rich_help_panel=_PRETRAINING)
    ] = 5,
    low_samples: Annotated[
        int, typer.Option(help="N_r of low-sample.", rich_help_panel=_PRETRAINING)
    ] = 250,
    weak_sigma: Annotated[
        float, typer.Option(help="Noise on the weights of h*, rough.", rich_help_panel=_PRETRAINING)
    ] = 0.05,
    strong_sigma: Annotated[
        float, typer.Option(help="Noise on the weights of h*, fine.", rich_help_panel=_PRETRAINING)
    ] = 0.01,
    representation_epochs: Annotated[
        int, typer.Option(help="Of gradient descent.", rich_help_panel=_PRETRAINING)
    ] = 1500,
    representation_batch: Annotated[
        int, typer.Option(help="Samples a step, of all tasks.", rich_help_panel=_PRETRAINING)
    ] = 500,
    representation_rate: Annotated[
        float, typer.Option(help="Adam's first learning rate.", rich_help_panel=_PRETRAINING)
    ] = 1e-2,
    head_epochs: Annotated[int, typer.Option(rich_help_panel=_HEADS)] = 1000,
    head_batch: Annotated[int, typer.Option(rich_help_panel=_HEADS)] = 32,
    head_rate: Annotated[
        float, typer.Option(help="AdamW's learning rate.", rich_help_panel=_HEADS)
    ] = 1e-3,
    head_width: Annotated[
        int, typer.Option(help="Hidden units of mlp tasks and heads.", rich_help_panel=_HEADS)
    ] = 32,
    form: Annotated[
        options.TableFormat, typer.Option("--format", help="How to print the summary.")
    ] = "table",
    config: options.Config = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    debug: options.Debug = False,
) -> None:
    """Run the synthetic experiments of Charikar et al. 2024 (sections 5.1, 5.3, appendix C).

    x is normal, h* a random MLP, tasks are random functions of h*(x). A weak representation's
    head is fitted to the truth, a strong one's to the weak head's labels. All of the paper's
    constants are the defaults. Stopped at any moment, the same command goes on.

    Example: w2s-mol synthetic --experiment realizable --seed 0 --seed 1
    """
    given = locals()
    from w2s_mol.cli.folders import synthetic_folder
    from w2s_mol.synthetic.config import SyntheticConfig
    from w2s_mol.synthetic.run import run_synthetic

    names = {field.name for field in dataclasses.fields(SyntheticConfig)}
    settings = SyntheticConfig(**{n: value for n, value in given.items() if n in names})
    folder = output_dir or synthetic_folder(settings)
    with output.progress_bars() as progress:
        found = run_synthetic(settings, output_dir=folder, progress=progress)
    for name in found.mended:
        output.note(f"note: {folder / name} was lost or damaged; it is written again.")
    if not found.computed:
        output.note(f"{folder} holds this run, finished; nothing was computed again.")
    _print_summary(found.tables["results"], form)
    output.note(f"written to {folder}. Next: w2s-mol report {folder}")


def _print_summary(results: pd.DataFrame, form: str) -> None:
    from w2s_mol.numbers import Form
    from w2s_mol.statistics.gain_misfit import synthetic_summary

    table = synthetic_summary(results)
    title = ""
    if form == "table":
        errors = {name: name.removesuffix("_error") for name in table.columns}
        numbers = table.select_dtypes("number")
        written = {
            str(n): values.map(Form.of(values, 2, 2).number) for n, values in numbers.items()
        }
        table = table.assign(**written).rename(columns=errors)
        title = "Mean errors over tasks; correlation and slope of gain on misfit"
    output.print_rows(list(table.columns), table.to_numpy().tolist(), form, title)
