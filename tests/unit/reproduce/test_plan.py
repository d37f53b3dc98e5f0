from pathlib import Path

import pytest

from w2s_mol.datasets.sources import get_source
from w2s_mol.encoders.names import shipped_encoders
from w2s_mol.errors import InputError
from w2s_mol.reproduce.plan import Plan, make_plan
from w2s_mol.statistics.controls import CONTROLS
from w2s_mol.study.config import StudyConfig
from w2s_mol.synthetic.config import EXPERIMENTS, SyntheticConfig

pytestmark = pytest.mark.usefixtures("fresh_home", "_no_network")


@pytest.fixture
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let whoever asks for an address fail: a plan fetches nothing."""
    import socket

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a plan asked for the network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


def put(mirror: Path, *names: str) -> Path:
    """Lay out a mirror in which the files of some sources are, all of them empty."""
    mirror.mkdir(exist_ok=True)
    for name in names:
        for file in get_source(name).files:
            path = mirror / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    return mirror


def control_of(config: StudyConfig) -> str:
    found = {
        "shuffled labels": config.shuffle_weak_labels,
        "self": config.strong == ("self",),
        "peer": config.strong == ("peer",),
        "random strong": config.strong[0].startswith("random-h"),
        "random weak": config.weak in (("random",), ("random-bert",)),
    }
    return ", ".join(name for name, it_is in found.items() if it_is)


def studies(plan: Plan) -> list[StudyConfig]:
    return [step.config for step in plan.steps if isinstance(step.config, StudyConfig)]


def names(plan: Plan) -> list[str]:
    return [step.name for step in plan.steps]


def test_a_plan_needs_neither_network_nor_mirror_and_writes_nothing(fresh_home: Path) -> None:
    plan = make_plan()
    assert plan.steps
    assert not fresh_home.exists()


def test_datasets_that_are_not_here_will_be_fetched() -> None:
    plan = make_plan()
    assert {config.dataset for config in studies(plan)} == {("esol", "freesolv", "lipop")}
    assert not any("--offline" in gap for gap in plan.gaps)


def test_offline_datasets_that_are_not_here_are_left_out_and_said() -> None:
    plan = make_plan(offline=True)
    assert studies(plan) == []
    [gap] = [gap for gap in plan.gaps if "--offline" in gap]
    assert gap.startswith("esol, freesolv, lipop: not here")
    assert "--mirror" in gap


def test_offline_only_what_a_mirror_has_is_run(tmp_path: Path) -> None:
    plan = make_plan(str(put(tmp_path / "mirror", "lipop", "esol")), offline=True)
    assert {config.dataset for config in studies(plan)} == {("esol", "lipop")}
    [gap] = [gap for gap in plan.gaps if "--offline" in gap]
    assert gap.startswith("freesolv: not here")


def test_a_mirror_with_a_part_of_a_datasets_files_does_not_have_it(tmp_path: Path) -> None:
    mirror = put(tmp_path / "mirror", "lipop")
    next((mirror / "chembench/Lipop").glob("*.pkl")).unlink()
    assert studies(make_plan(str(mirror), offline=True)) == []


def test_a_mirror_may_be_named_by_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("W2S_MOL_MIRROR", str(put(tmp_path / "mirror", "esol")))
    assert {config.dataset for config in studies(make_plan(offline=True))} == {("esol",)}


def test_the_real_mirror_has_all_three_datasets(mirror: Path) -> None:
    plan = make_plan(str(mirror), offline=True)
    assert {config.dataset for config in studies(plan)} == {("esol", "freesolv", "lipop")}


def test_a_mirror_that_is_no_folder_is_refused_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere is not a folder"):
        make_plan(str(tmp_path / "nowhere"))


def test_molbert_in_a_mirror_is_the_strong_encoder(tmp_path: Path) -> None:
    plan = make_plan(str(put(tmp_path / "mirror", "molbert")))
    [main] = [step for step in plan.steps if step.name == "molbert"]
    assert isinstance(main.config, StudyConfig)
    assert main.config.strong == ("molbert",)
    assert "molbert" in main.what
    assert not any("MolBERT" in gap for gap in plan.gaps)
    assert names(plan)[-1] == "rdkit2d"  # a second strong representation


def test_without_molbert_another_is_used_and_the_report_says_so() -> None:
    plan = make_plan()
    assert not any("molbert" in config.strong for config in studies(plan))
    [gap] = [gap for gap in plan.gaps if gap.startswith("MolBERT")]
    [used] = studies(plan)[0].strong
    assert f"{used}" in gap
    assert "used instead" in gap
    assert "data fetch molbert" in gap


def test_a_shipped_strong_encoder_comes_before_fixed_descriptors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from w2s_mol.reproduce import plan as module

    monkeypatch.setattr(module, "shipped_strong_encoders", lambda: {"strong-h256": Path()})
    plan = make_plan()
    assert studies(plan)[0].strong == ("strong-h256",)
    assert any("strong-h256 used instead" in gap for gap in plan.gaps)


def test_weak_encoders_that_saw_less_than_the_papers_are_a_gap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from w2s_mol.reproduce import plan as module

    monkeypatch.setattr(module, "shipped_metadata", lambda: [{"molecules": 200_000}])
    assert any("200,000 molecules" in gap and "1,270,000" in gap for gap in make_plan().gaps)
    monkeypatch.setattr(module, "shipped_metadata", lambda: [{"molecules": 1_270_000}])
    assert not any("saw" in gap for gap in make_plan().gaps)


def test_the_study_has_a_control_of_every_kind() -> None:
    [proper, *others] = studies(make_plan())
    kinds = [control_of(config) for config in others if control_of(config)]
    assert set(kinds) == set(CONTROLS)
    assert control_of(proper) == ""
    assert all(config.dataset == proper.dataset for config in others)
    assert all(config.head == proper.head for config in others)
    assert proper.weak == ("shipped",)
    assert shipped_encoders()


def test_what_is_drawn_by_chance_in_a_control_is_drawn_several_times() -> None:
    [proper, *others] = studies(make_plan())
    permuted = [config for config in others if config.shuffle_weak_labels]
    assert len({config.seed for config in permuted}) == len(permuted) == 3
    assert {config.strong for config in permuted} == {proper.strong}
    [strong] = [config.strong for config in others if config.strong[0].startswith("random-h")]
    assert len(set(strong)) == 3
    weak = [config.weak for config in others if control_of(config) == "random weak"]
    assert weak == [("random",), ("random-bert",)]


def test_every_panel_of_the_papers_synthetic_figures_is_run_with_several_seeds() -> None:
    configs = [s.config for s in make_plan().steps if isinstance(s.config, SyntheticConfig)]
    exact, mlp = configs
    assert exact.experiments == list(EXPERIMENTS)
    assert exact.head == "exact"
    assert len(exact.seeds) > 1
    assert exact.finetuning_tasks == 100
    assert mlp.head == "mlp"
    assert mlp.experiments == ["realizable", "pretraining", "perturbation"]


@pytest.mark.parametrize("with_molbert", [False, True])
def test_every_step_has_a_folder_of_its_own_and_says_what_it_is(
    tmp_path: Path, with_molbert: bool
) -> None:
    mirror = put(tmp_path / "mirror", *(["molbert"] if with_molbert else []))
    plan = make_plan(str(mirror))
    assert len(set(names(plan))) == len(plan.steps)
    assert all(step.what.endswith(".") for step in plan.steps)
    assert all(gap.endswith(".") for gap in plan.gaps)
