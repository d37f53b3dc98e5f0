import json
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

from w2s_mol import run_study
from w2s_mol.errors import InputError
from w2s_mol.figures.panels import Slope
from w2s_mol.figures.pictures import SHEET, draw_pictures, study_key
from w2s_mol.figures.style import Picture, house_style, save
from w2s_mol.runs import FinishedRun, find_runs
from w2s_mol.study.groups import study_groups

CONTROLS = ("self", "peer", "shuffled", "random-weak", "random-strong")


@pytest.fixture(scope="module")
def runs(run_folders: Path) -> list[FinishedRun]:
    return find_runs([run_folders])


@pytest.fixture(scope="module")
def pictures(runs: list[FinishedRun]) -> dict[str, Picture]:
    return {picture.name: picture for picture in draw_pictures(runs)}


@pytest.fixture
def changed(run_folders: Path, tmp_path: Path) -> Callable[..., FinishedRun]:
    """Return the maker of a study of one dataset whose table of results is another."""

    def make(change: Callable[[pd.DataFrame], pd.DataFrame], name: str = "changed") -> FinishedRun:
        folder = tmp_path / name
        folder.mkdir()
        manifest = json.loads((run_folders / "study" / "manifest.json").read_text())
        results = pd.read_parquet(run_folders / "study" / "results.parquet")
        of_one = results[results["dataset"] == "lipop"]
        change(of_one).to_parquet(folder / "results.parquet")
        del manifest["files"]  # their hashes are of what the run wrote
        (folder / "manifest.json").write_text(json.dumps(manifest))
        [run] = find_runs([folder])
        return run

    return make


def visible_axes(picture: Picture) -> list:
    return [axes for axes in picture.figure.axes if axes.get_visible()]


def check_can_be_drawn(pictures: list[Picture], folder: Path) -> None:
    for picture in pictures:
        [path] = save(picture, folder, ["svg"])
        assert path.stat().st_size > 5000


def test_what_a_set_of_runs_shows(pictures: dict[str, Picture]) -> None:
    single = {f"{SHEET}-{name}-ecfp" for name in ("lipop", "esol")}
    studies = {f"{what}-{d}-ecfp" for what in ("selection", "errors-by-hidden")
               for d in ("lipop", "esol")}  # fmt: skip
    experiments = ("realizable", "pretraining", "perturbation", "strong-to-weak-pretraining",
                   "strong-to-weak-perturbation", "low-sample")  # fmt: skip
    synthetic = {f"{SHEET}-synthetic-{name}" for name in experiments} | {"representations-exact"}
    assert set(pictures) == {SHEET, "learning-curves", *single, *studies, *synthetic}


def test_the_sheet_has_a_panel_for_each_experiment_and_dataset_in_the_papers_order(
    pictures: dict[str, Picture],
) -> None:
    titles = [axes.get_title(loc="left") for axes in visible_axes(pictures[SHEET])]
    assert [title.split()[0] for title in titles] == [
        "(2a)", "(2b)", "(2c)", "(2d)", "(2f)", "(3a)", "(3b)", "(3c)",
    ]  # fmt: skip
    for title, named in zip(
        titles,
        ["realizable", "pretraining", "perturbation", "ecfp on esol", "ecfp on lipop",
         "strong to weak pretraining", "strong to weak perturbation", "low sample"],
        strict=True,
    ):  # fmt: skip
        assert named in title


def test_a_single_panel_makes_no_sheet(changed: Callable) -> None:
    run = changed(lambda results: results)
    assert SHEET not in {picture.name for picture in draw_pictures([run])}


def test_every_gain_misfit_panel_has_the_line_on_which_gain_is_misfit(
    pictures: dict[str, Picture],
) -> None:
    drawn = [p for name, p in pictures.items() if name.startswith(SHEET)]
    panels = [axes for picture in drawn for axes in visible_axes(picture)]
    assert len(panels) == 8 + 2 + 6
    for axes in panels:
        [line] = [line for line in axes.lines if line.get_label() == "gain = misfit"]
        np.testing.assert_array_equal(line.get_xdata(), line.get_ydata())
        furthest = max(c.get_offsets()[:, 0].max() for c in axes.collections)
        assert line.get_xdata()[0] == 0
        assert line.get_xdata()[-1] >= furthest


def test_every_point_is_a_supervisor_on_a_split(
    pictures: dict[str, Picture], run_folders: Path
) -> None:
    results = pd.read_parquet(run_folders / "study" / "results.parquet")
    test = results.query("eval_split == 'test' and dataset == 'lipop'")
    [axes] = pictures[f"{SHEET}-lipop-ecfp"].figure.axes
    drawn = np.concatenate([np.asarray(c.get_offsets()) for c in axes.collections])
    expected = test[["misfit", "gain"]].to_numpy()
    assert sorted(map(tuple, drawn.tolist())) == sorted(map(tuple, expected.tolist()))
    assert of_supervisors(axes) == ["hidden 8", "hidden 12", "hidden 16"]


def of_supervisors(axes: Axes) -> list[str]:
    """Return the labels of the lines that join supervisors."""
    drawn = [line for line in axes.lines if line.get_marker() not in ("None", None, "")]
    return [str(line.get_label()) for line in drawn]


def test_a_supervisor_is_the_mean_of_its_splits_and_seeds_of_one_size_are_joined(
    changed: Callable,
) -> None:
    twin = {"weak": "weak-h8-s1", "weak_sha256": "twin", "seed": 1}
    both: list[pd.DataFrame] = []

    def with_a_twin(results: pd.DataFrame) -> pd.DataFrame:
        more = results[results["hidden"] == 8].assign(**twin)
        both.append(pd.concat([results, more.assign(gain=more["gain"] + 1)]))
        return both[0]

    drawn = {picture.name: picture for picture in draw_pictures([changed(with_a_twin)])}
    [axes] = drawn[f"{SHEET}-lipop-ecfp"].figure.axes
    [line] = [line for line in axes.lines if line.get_label() == "hidden 8"]
    rows = both[0].query("hidden == 8 and eval_split == 'test'")
    means = rows.groupby("seed")[["misfit", "gain"]].mean()
    np.testing.assert_allclose(np.column_stack(line.get_data()), means)


def test_a_line_is_fitted_where_its_slope_is_given(changed: Callable) -> None:
    run = changed(lambda results: results)
    [found] = list(study_groups(run.table("results")))
    key = study_key(str(found[2]["study"].iloc[0]), found[0])
    for slope, label, shades in (
        (Slope(0.5, 0.2, 0.8), "slope 0.50 [0.20, 0.80]", 1),
        (Slope(0.5, np.nan, np.nan), "slope 0.50", 0),
    ):
        drawn = {picture.name: picture for picture in draw_pictures([run], {key: slope})}
        [axes] = drawn[f"{SHEET}-lipop-ecfp"].figure.axes
        [line] = [line for line in axes.lines if line.get_label() == label]
        x, y = (np.asarray(values) for values in line.get_data())
        np.testing.assert_allclose(np.diff(y) / np.diff(x), 0.5)
        assert sum(isinstance(one, PolyCollection) for one in axes.collections) == shades


@pytest.mark.parametrize("oracle", [0, 19])
def test_of_many_supervisors_a_selection_draws_eleven_and_folds_the_rest(
    changed: Callable, oracle: int
) -> None:
    def many(results: pd.DataFrame) -> pd.DataFrame:
        first = results[results["hidden"] == 8]
        return pd.concat(
            [
                first.assign(
                    weak=f"weak-{n}", weak_sha256=f"weak-{n}", seed=n, bound=float(n),
                    w2s_error=first["w2s_error"] + abs(n - oracle),
                )
                for n in range(20)
            ]
        )  # fmt: skip

    drawn = {picture.name: picture for picture in draw_pictures([changed(many)])}
    picture = drawn["selection-lipop-ecfp"]
    [axes] = picture.figure.axes
    names = [text.get_text() for text in axes.get_yticklabels()]
    assert len(names) == 12
    assert names[0] == "weak-0"
    assert f"weak-{oracle}" in names
    assert names[-1] == "9 more, from least to most"
    assert "The 9 that share the last row" in picture.caption


def test_the_selection_shows_weak_error_and_ceiling(
    pictures: dict[str, Picture], run_folders: Path
) -> None:
    results = pd.read_parquet(run_folders / "study" / "results.parquet")
    test = results.query("eval_split == 'test' and dataset == 'lipop'")
    [axes] = pictures["selection-lipop-ecfp"].figure.axes
    lines = {line.get_label(): line for line in axes.lines}
    names = [text.get_text() for text in axes.get_yticklabels()]
    expected = test.groupby("weak")["weak_error"].mean().loc[names]
    np.testing.assert_allclose(lines["weak error (test)"].get_xdata(), expected)
    ceiling = lines["ceiling error (test)"].get_xdata()
    np.testing.assert_allclose(ceiling, test["ceiling_error"].mean())


def test_encoders_that_size_and_seed_do_not_tell_apart_are_named(changed: Callable) -> None:
    run = changed(lambda results: results.replace({"hidden": {12: 8}}))
    drawn = {picture.name: picture for picture in draw_pictures([run])}
    [axes] = drawn[f"{SHEET}-lipop-ecfp"].figure.axes
    assert of_supervisors(axes) == ["weak-h8-s0", "weak-h12-s0", "weak-h16-s0"]


def test_every_synthetic_point_is_a_task_and_every_colour_a_seed(
    pictures: dict[str, Picture], run_folders: Path
) -> None:
    results = pd.read_parquet(run_folders / "synthetic" / "results.parquet")
    [axes] = pictures[f"{SHEET}-synthetic-low-sample"].figure.axes
    assert [c.get_label() for c in axes.collections] == ["seed 0", "seed 1"]
    for seed, points in enumerate(axes.collections):
        rows = results[(results["experiment"] == "low-sample") & (results["seed"] == seed)]
        np.testing.assert_array_equal(points.get_offsets(), rows[["misfit", "gain"]])


def test_labels_carry_the_unit_of_the_labels(pictures: dict[str, Picture]) -> None:
    squared = "/ (log10)$^2$"
    for name in ("lipop", "esol"):
        [gain] = pictures[f"{SHEET}-{name}-ecfp"].figure.axes
        assert gain.get_xlabel() == f"misfit {squared}"
        assert gain.get_ylabel() == f"gain {squared}"
        [selection] = pictures[f"selection-{name}-ecfp"].figure.axes
        assert selection.get_xlabel() == f"squared error {squared}"
        [errors] = pictures[f"errors-by-hidden-{name}-ecfp"].figure.axes
        assert errors.get_ylabel() == f"squared error {squared}"


def test_every_axis_is_labelled_and_every_picture_captioned(pictures: dict[str, Picture]) -> None:
    for picture in pictures.values():
        assert picture.caption.endswith(".")
        for axes in visible_axes(picture):
            if not picture.name.startswith("selection"):  # whose other axis names supervisors
                assert axes.get_ylabel(), picture.name
            assert axes.get_xlabel(), picture.name


def test_the_selection_marks_the_pick_and_the_oracle(
    pictures: dict[str, Picture], run_folders: Path
) -> None:
    from w2s_mol.selection.tables import selections

    results = pd.read_parquet(run_folders / "study" / "results.parquet")
    for found in selections(results):
        [axes] = pictures[f"selection-{found.keys['dataset']}-ecfp"].figure.axes
        assert [t.get_text() for t in axes.get_yticklabels()] == found.table["weak"].tolist()
        marks = {text.get_text(): text.xy for text in axes.texts}
        assert "pick" in " ".join(marks)
        for text, (error, place) in marks.items():
            row = found.table.iloc[int(place)]
            assert error == row["w2s_error_mean"]
            assert ("pick" in text, "oracle" in text) == (row["picked"], row["oracle"])


def test_learning_curves_are_of_the_encoders_that_were_used_by_size(
    pictures: dict[str, Picture], run_folders: Path
) -> None:
    weak = json.loads((run_folders / "study" / "manifest.json").read_text())["weak"]
    [axes] = pictures["learning-curves"].figure.axes
    assert [line.get_label() for line in axes.lines] == ["hidden 8", "hidden 12", "hidden 16"]
    for line, made in zip(axes.lines, (one["pretraining"] for one in weak), strict=True):
        losses = {e["step"]: e["valid_loss"] for e in made["history"] if "valid_loss" in e}
        steps = np.array(list(losses))
        np.testing.assert_allclose(line.get_xdata(), steps * made["batch_size"] / 1000)
        np.testing.assert_allclose(line.get_ydata(), list(losses.values()))


def test_learning_curves_of_several_families_are_told_apart(changed: Callable) -> None:
    run = changed(lambda r: r.assign(family=r["family"].where(r["hidden"] == 8, "mine")))
    drawn = {picture.name: picture for picture in draw_pictures([run])}
    lines = drawn["learning-curves"].figure.axes[0].lines
    labels = {line.get_label() for line in lines}
    assert "shipped, hidden 8" in labels
    assert all(label.startswith("mine, ") for label in labels - {"shipped, hidden 8"})
    assert len(labels) == len(lines) > 1
    assert all((np.diff(line.get_xdata()) > 0).all() for line in lines)


def test_other_encoders_of_the_same_names_have_no_learning_curves(changed: Callable) -> None:
    run = changed(lambda r: r.assign(weak_sha256="other " + r["weak_sha256"]))
    assert "learning-curves" not in {picture.name for picture in draw_pictures([run])}


def test_pictures_name_the_runs_they_are_of(
    pictures: dict[str, Picture], runs: list[FinishedRun]
) -> None:
    ids = {run.folder.name: run.manifest["study"] for run in runs}
    assert set(pictures[SHEET].runs) == {ids["study"], ids["synthetic"]}
    assert pictures["selection-lipop-ecfp"].runs == (ids["study"],)
    assert pictures["representations-exact"].runs == (ids["synthetic"],)
    assert pictures["learning-curves"].runs == (ids["study"],)


def test_controls_are_left_out(run_folders: Path, pictures: dict[str, Picture]) -> None:
    [study] = find_runs([run_folders / "study"])
    alone = [picture.name for picture in draw_pictures([study])]
    together = find_runs([run_folders / name for name in (*CONTROLS, "study")])
    assert [picture.name for picture in draw_pictures(together)] == alone


@pytest.mark.parametrize("name", CONTROLS)
def test_a_control_alone_is_refused(run_folders: Path, name: str) -> None:
    with pytest.raises(InputError, match="null controls"):
        draw_pictures(find_runs([run_folders / name]))


@pytest.mark.slow
def test_the_same_runs_give_the_same_bytes_in_every_format(
    run_folders: Path, tmp_path: Path
) -> None:
    """Drawn anew, not only saved anew."""
    study = find_runs([run_folders / "study"])
    formats = {SHEET: ["svg"], "selection-esol-ecfp": ["svg", "pdf", "png"]}
    for time in ("first", "second"):
        for picture in draw_pictures(study):
            save(picture, tmp_path / time, formats.get(picture.name, []))
    paths = sorted((tmp_path / "first").iterdir())
    assert len(paths) == 4
    for path in paths:
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes(), path.name


@pytest.mark.slow
def test_a_files_bytes_do_not_depend_on_what_was_saved_before(
    changed: Callable, tmp_path: Path
) -> None:
    """So that --format pdf writes the same file as all formats do."""
    run = changed(lambda results: results)

    def drawn() -> Picture:
        return next(p for p in draw_pictures([run]) if p.name == "selection-lipop-ecfp")

    for path in save(drawn(), tmp_path / "together", ["svg", "pdf", "png"]):
        [alone] = save(drawn(), tmp_path / "alone", [path.suffix[1:]])
        assert alone.read_bytes() == path.read_bytes(), path.suffix


def test_drawing_leaves_matplotlibs_settings_as_they_were(changed: Callable) -> None:
    before = dict(mpl.rcParams)
    draw_pictures([changed(lambda results: results)])
    assert dict(mpl.rcParams) == before


def test_a_single_supervisor_on_a_single_split_can_be_drawn(
    changed: Callable, tmp_path: Path
) -> None:
    run = changed(lambda r: r[(r["weak"] == "weak-h8-s0") & (r["split"] == r["split"].iloc[0])])
    drawn = draw_pictures([run])
    assert "errors-by-hidden-lipop-ecfp" not in {picture.name for picture in drawn}
    check_can_be_drawn(drawn, tmp_path)


def test_a_bound_far_above_the_true_error_is_inside_the_selections_picture(
    changed: Callable,
) -> None:
    run = changed(lambda r: r.assign(bound=r["w2s_error"] * 3))
    drawn = {picture.name: picture for picture in draw_pictures([run])}
    [axes] = drawn["selection-lipop-ecfp"].figure.axes
    points = np.concatenate([line.get_xdata() for line in axes.lines])
    assert points.max() <= axes.get_xlim()[1]


def test_a_single_split_has_no_bars_of_spread(changed: Callable, tmp_path: Path) -> None:
    run = changed(lambda r: r[r["split"] == r["split"].iloc[0]])
    drawn = {picture.name: picture for picture in draw_pictures([run])}
    [axes] = drawn["selection-lipop-ecfp"].figure.axes
    assert all(not container.has_xerr for container in axes.containers)
    check_can_be_drawn(list(drawn.values()), tmp_path)


def test_supervisors_without_a_hidden_size_are_drawn_by_name(
    run_folders: Path, tmp_path: Path
) -> None:
    run_study(
        output_dir=tmp_path / "run",
        dataset=str(run_folders.parent / "esol.csv"),
        target_column="y",
        weak=("rdkit2d", "weak-h8-s0", "weak-h12-s0"),
        strong="ecfp",
        split_seeds=(0,),
    )
    drawn = {picture.name: picture for picture in draw_pictures(find_runs([tmp_path / "run"]))}
    labels = of_supervisors(drawn[f"{SHEET}-esol-ecfp"].figure.axes[0])
    assert sorted(labels) == ["rdkit2d", "weak-h12-s0", "weak-h8-s0"]
    [errors] = drawn["errors-by-hidden-esol-ecfp"].figure.axes
    np.testing.assert_array_equal(errors.lines[0].get_xdata(), [8, 12])
    check_can_be_drawn(list(drawn.values()), tmp_path)


def test_a_student_that_copies_can_be_drawn(changed: Callable, tmp_path: Path) -> None:
    copied = {"misfit": 0.0, "gain": 0.0, "slack": 0.0}
    run = changed(lambda r: r.assign(**copied, bound=r["weak_error"], w2s_error=r["weak_error"]))
    check_can_be_drawn(draw_pictures([run]), tmp_path)


def test_identical_splits_are_drawn_once(changed: Callable) -> None:
    first = "random-0"
    run = changed(
        lambda r: pd.concat(
            [r[r["split"] == r["split"].iloc[0]].assign(split=name) for name in (first, "copy")]
        )
    )
    drawn = {picture.name: picture for picture in draw_pictures([run])}
    [axes] = drawn[f"{SHEET}-lipop-ecfp"].figure.axes
    assert [len(c.get_offsets()) for c in axes.collections] == [1, 1, 1]


def test_seeds_of_one_size_share_a_colour_and_a_learning_curve(changed: Callable) -> None:
    twin = {"weak": "weak-h8-s1", "weak_sha256": "twin", "seed": 1}
    run = changed(lambda r: pd.concat([r, r[r["hidden"] == 8].assign(**twin)]))
    first = run.manifest["weak"][0]["pretraining"]
    before = np.array([e["valid_loss"] for e in first["history"] if "valid_loss" in e])
    higher = [
        {**e, "valid_loss": e["valid_loss"] + 2} for e in first["history"] if "valid_loss" in e
    ]
    run.manifest["weak"].append({"sha256": "twin", "pretraining": {**first, "history": higher}})
    drawn = {picture.name: picture for picture in draw_pictures([run])}
    [axes] = drawn[f"{SHEET}-lipop-ecfp"].figure.axes
    points = axes.collections
    assert of_supervisors(axes) == ["hidden 8", "hidden 12", "hidden 16"]
    assert len(points[0].get_offsets()) == 2 * len(points[1].get_offsets())
    [curve, *_] = drawn["learning-curves"].figure.axes[0].lines
    np.testing.assert_allclose(curve.get_ydata(), before + 1)


@pytest.mark.slow
@pytest.mark.parametrize(
    "other",
    [
        {"pooling": "mean"},
        {"study_seed": 1},
        {"dataset_sha256": "another table of the same name"},
        {"head": "ols"},
        {"protocol": "disjoint"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_pictures_of_two_studies_do_not_share_their_files(changed: Callable, other: dict) -> None:
    study = changed(lambda r: r)
    another = changed(lambda r: r.assign(**other, study="another"), "another")
    names = [picture.name for picture in draw_pictures([study, another])]
    assert sorted(names) == sorted(set(names))


def test_pictures_of_two_synthetic_runs_do_not_share_their_files(
    runs: list[FinishedRun], run_folders: Path, tmp_path: Path
) -> None:
    from w2s_mol.synthetic.run import run_synthetic

    few = {"finetuning_tasks": 2, "finetuning_samples": 40}
    for seed in (0, 1):
        folder = tmp_path / str(seed)
        run_synthetic(output_dir=folder, experiment="perturbation", seeds=seed, **few)
    names = [picture.name for picture in draw_pictures(find_runs([tmp_path]))]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("name", ["a|b", "<script>", "cost in $", "a $^$ b", "100% & more_"])
def test_any_name_of_a_dataset_can_be_drawn(changed: Callable, tmp_path: Path, name: str) -> None:
    run = changed(lambda r: r.assign(dataset=name))
    drawn = draw_pictures([run])
    check_can_be_drawn(drawn, tmp_path / "drawn")
    [axes] = drawn[0].figure.axes
    assert name.replace("$", "") in axes.get_title(loc="left").replace("\\$", "").replace("$", "")


def test_results_of_an_older_version_are_refused(changed: Callable) -> None:
    run = changed(lambda results: results.drop(columns="shuffled_labels"))
    with pytest.raises(InputError, match="shuffled_labels"):
        draw_pictures([run])


def test_nothing_of_pyplots_is_left_open(changed: Callable) -> None:
    from matplotlib import pyplot as plt

    draw_pictures([changed(lambda results: results)])
    with house_style():
        assert plt.get_fignums() == []


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_supervisor_that_is_not_finite_is_said_so_and_not_drawn(
    changed: Callable, tmp_path: Path, value: float
) -> None:
    def spoil(results: pd.DataFrame) -> pd.DataFrame:
        columns = ["w2s_error", "bound", "gain", "misfit"]
        return results.assign(
            **{c: results[c].mask(results["weak"] == "weak-h8-s0", value) for c in columns}
        )

    pictures = draw_pictures([changed(spoil)])
    check_can_be_drawn(pictures, tmp_path / "figures")
    drawn = {picture.name: picture.figure for picture in pictures}
    labels = [t.get_text() for t in drawn["selection-lipop-ecfp"].axes[0].get_yticklabels()]
    assert labels[-1] == "weak-h8-s0 (not finite)"
    assert not any("not finite" in label for label in labels[:-1])
    legend = [text.get_text() for text in drawn[f"{SHEET}-lipop-ecfp"].legends[0].get_texts()]
    assert legend[:3] == ["hidden 12", "hidden 16", "gain = misfit"]


@pytest.mark.parametrize("unit", ["", " ", None])
def test_an_empty_unit_is_said_in_words(
    changed: Callable, tmp_path: Path, unit: str | None
) -> None:
    pictures = draw_pictures([changed(lambda results: results.assign(unit=unit))])
    check_can_be_drawn(pictures, tmp_path / "figures")
    [picture] = [p for p in pictures if p.name == f"{SHEET}-lipop-ecfp"]
    assert picture.figure.axes[0].get_xlabel() == "misfit / squared label units"
