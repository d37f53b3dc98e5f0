from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from taught_by_arrays import Says, probe, student

from w2s_mol.datasets.dataset import Dataset
from w2s_mol.datasets.examples import Examples
from w2s_mol.datasets.splits import random_split
from w2s_mol.errors import InputError
from w2s_mol.heads.beside import ridge_beside
from w2s_mol.heads.fitting import head_fitter
from w2s_mol.heads.linear import LinearHead
from w2s_mol.heads.matrix import InMemory, Matrix
from w2s_mol.heads.ridge import fit_ridge
from w2s_mol.heads.squared import SquaredRule
from w2s_mol.students.contract import Student, Teaching
from w2s_mol.study.cell import Cells, shuffled, split_cells
from w2s_mol.study.config import StudyConfig
from w2s_mol.study.digits import without_rounding
from w2s_mol.study.draws import Draw
from w2s_mol.study.protocols import PROTOCOLS, Roles
from w2s_mol.study.results import StudyContext, result_rows
from w2s_mol.supervisors.contract import Supervisor
from w2s_mol.supervisors.numbers import Column
from w2s_mol.supervisors.top import Top
from w2s_mol.tasks.registry import REGRESSION
from w2s_mol.uses.contract import Exercise, Learned
from w2s_mol.uses.corrected import WEIGHTS
from w2s_mol.uses.registry import BESIDE, USES

RIDGE, OLS = head_fitter("ridge"), head_fitter("ols")


def problem(n: int = 120, seed: int = 0):
    generator = np.random.default_rng(seed)
    strong = generator.normal(size=(n, 10))
    truth = strong @ generator.normal(size=10) + 0.1 * generator.normal(size=n)
    weak = [strong[:, :3] + generator.normal(size=(n, 3)), strong[:, :6]]
    return weak, strong, truth


def roles_of(n: int, protocol: str = "paper") -> Roles:
    return PROTOCOLS[protocol].roles(random_split(n, 0), 0)


def carried_out(
    supervisors: Sequence[Supervisor],
    students: Sequence[Student],
    truth: np.ndarray,
    roles: Roles,
    *rest,
) -> list[Cells]:
    examples = Examples(["C"] * len(truth))
    return list(split_cells(supervisors, students, examples, truth, roles, REGRESSION, *rest))


def supervise(
    weak: Sequence[np.ndarray], strong: np.ndarray | None, truth: np.ndarray, roles: Roles, *rest
) -> Cells:
    """Carry out the cells of probes on arrays and one student; of their own features for None."""
    supervisors = [probe(x, f"weak-{place}") for place, x in enumerate(weak)]
    [found] = carried_out(supervisors, [student(strong)], truth, roles, *rest)
    return found


def of(cells: Cells, use: str = "w2s") -> np.ndarray:
    return cells.made[use].predictions


class Listening(Student):
    """A student that learns nothing, and remembers what it was taught."""

    name, sha256 = "listening", "listening"

    def __init__(self) -> None:
        self.heard: list[Teaching] = []
        self.did: dict[str, Exercise] = {}

    def learn(self, teaching: Teaching, exercises: Sequence[Exercise]) -> list[Learned]:
        self.heard.append(teaching)
        names = ["w2s", "delta", "stack", *["both"] * len(WEIGHTS), "direct", "ceiling"]
        self.did = dict(zip(names, exercises, strict=True))
        return [Learned(e.labels, np.full(e.labels.shape[1], np.nan), ()) for e in exercises]


def test_no_true_label_but_the_weak_heads_reaches_the_student() -> None:
    """With other true labels the weak head cannot see, the student stays the same."""
    weak, strong, truth = problem()
    roles = roles_of(len(truth), "disjoint")
    unseen = np.concatenate([roles.student_learns, roles.parts["test"]])
    altered = truth.copy()
    altered[unseen] += np.random.default_rng(1).normal(size=len(unseen)) * 100
    for fit in (RIDGE, OLS):
        before = supervise(weak, strong, truth, roles, fit)
        after = supervise(weak, strong, altered, roles, fit)
        for use in USES:
            rows = roles.measured
            same = np.allclose(of(before, use)[rows], of(after, use)[rows], atol=1e-8)
            assert same == (use != "ceiling")
        np.testing.assert_array_equal(before.made["w2s"].penalties, after.made["w2s"].penalties)


@pytest.mark.parametrize("protocol", list(PROTOCOLS))
def test_nobody_is_shown_labels_of_molecules_that_are_not_its_to_learn_from(protocol: str) -> None:
    truth = np.arange(1.0, 61)
    roles = roles_of(60, protocol)
    supervisor, listening = Says(np.full(60, 7.0)), Listening()
    carried_out([supervisor], [listening], truth, roles, OLS)
    [lesson], [teaching] = supervisor.lessons, listening.heard
    judge, learn = roles.supervisor_chooses, roles.supervisor_learns
    labels = {name: exercise.labels[:, 0] for name, exercise in listening.did.items()}
    of_student = (roles.student_learns, roles.student_chooses)
    for shown, learned, chosen in (
        (lesson.truth, learn, judge),
        (labels["direct"], learn, judge),
        (labels["delta"], learn, judge),
        (labels["stack"], learn, judge),
        (labels["ceiling"], *of_student),
    ):
        known = np.concatenate([learned, chosen])
        np.testing.assert_array_equal(shown[known], truth[known])
        assert np.isnan(np.delete(shown, known)).all()
    np.testing.assert_array_equal(labels["w2s"], np.full(60, 7.0))
    np.testing.assert_array_equal(labels["both"][judge], truth[judge])
    assert np.isnan(labels["both"][roles.parts["test"]]).all()
    for name, exercise in listening.did.items():
        plain = name in ("w2s", "ceiling")
        np.testing.assert_array_equal(exercise.choose, roles.student_chooses if plain else judge)
        np.testing.assert_array_equal(exercise.read, roles.asked if plain else roles.measured)
    np.testing.assert_array_equal(lesson.asked, roles.asked)
    assert lesson.fit is teaching.fit is OLS
    assert teaching.supervisors == [supervisor]


def test_a_students_penalty_is_chosen_on_weak_validation_labels() -> None:
    weak, strong, truth = problem()
    roles = roles_of(len(truth))
    found = supervise(weak, strong, truth, roles, RIDGE)
    alone = RIDGE(InMemory(strong), found.weak, roles.student_learns, roles.student_chooses)
    np.testing.assert_array_equal(found.made["w2s"].penalties, alone.penalties)
    np.testing.assert_allclose(of(found), alone.predict(strong), atol=1e-8)
    valid = roles.student_chooses
    on_truth = RIDGE(
        InMemory(strong),
        np.where(np.isin(np.arange(len(truth)), valid)[:, None], truth[:, None], found.weak),
        roles.student_learns,
        roles.student_chooses,
    )
    assert not np.array_equal(on_truth.penalties, alone.penalties)


def test_weak_models_and_ceiling_are_heads_on_true_labels() -> None:
    weak, strong, truth = problem()
    roles = roles_of(len(truth), "disjoint")
    found = supervise(weak, strong, truth, roles, RIDGE)
    y = truth[:, None]
    for column, x in enumerate(weak):
        head = RIDGE(InMemory(x), y, roles.supervisor_learns, roles.student_chooses)
        np.testing.assert_allclose(found.weak[:, [column]], head.predict(x), atol=1e-12)
        assert found.weak_penalties[column] == head.penalties[0]
    head = RIDGE(InMemory(strong), y, roles.student_learns, roles.student_chooses)
    np.testing.assert_allclose(
        of(found, "ceiling"), np.repeat(head.predict(strong), 2, axis=1), atol=1e-8
    )
    np.testing.assert_array_equal(found.made["ceiling"].penalties, np.repeat(head.penalties, 2))


def test_supervising_with_itself_gains_nothing() -> None:
    """A student with its supervisor's representation and unpenalised heads copies it."""
    _, strong, truth = problem()
    found = supervise([strong], strong, truth, roles_of(len(truth)), OLS)
    np.testing.assert_allclose(of(found), found.weak, atol=1e-8)


@pytest.mark.parametrize("protocol", list(PROTOCOLS))
@pytest.mark.parametrize("fit", [RIDGE, OLS])
def test_self_supervision_is_fitting_each_representation_alone(fit, protocol: str) -> None:
    weak, _, truth = problem()
    roles = roles_of(len(truth), protocol)
    found = supervise(weak, None, truth, roles, fit)
    for column, x in enumerate(weak):
        for labels, made in (
            (found.weak[:, [column]], found.made["w2s"]),
            (truth[:, None], found.made["ceiling"]),
        ):
            head = fit(InMemory(x), labels, roles.student_learns, roles.student_chooses)
            np.testing.assert_allclose(made.predictions[:, [column]], head.predict(x), atol=1e-8)
            np.testing.assert_array_equal(made.penalties[[column]], head.penalties)


@pytest.mark.parametrize("own", [True, False])
def test_supervisors_beside_each_other_are_as_each_alone(own: bool) -> None:
    weak, strong, truth = problem()
    roles = roles_of(len(truth))
    strong = None if own else strong
    both = supervise(weak, strong, truth, roles, RIDGE)
    for column, x in enumerate(weak):
        alone = supervise([x], strong, truth, roles, RIDGE)
        np.testing.assert_allclose(both.weak[:, [column]], alone.weak, atol=1e-10)
        np.testing.assert_allclose(of(both)[:, [column]], of(alone), atol=1e-8)
        np.testing.assert_allclose(
            of(both, "ceiling")[:, [column]],
            of(alone, "ceiling"),
            atol=1e-8,
        )


def test_students_beside_each_other_get_the_same_labels_made_once() -> None:
    weak, strong, truth = problem()
    roles = roles_of(len(truth))
    supervisors = [Says(x[:, 0], f"says-{place}") for place, x in enumerate(weak)]
    students = [student(strong), student(strong[:, :4], "narrow"), student(weak[0], "noisy")]
    found = carried_out(supervisors, students, truth, roles, RIDGE)
    assert [len(supervisor.lessons) for supervisor in supervisors] == [1, 1]
    assert [cells.student for cells in found] == students
    for cells, x in zip(found, (strong, strong[:, :4], weak[0]), strict=True):
        said = np.stack([w[:, 0] for w in weak], axis=1)
        np.testing.assert_allclose(cells.weak, said, rtol=1e-13)
        [alone] = carried_out(supervisors, [student(x)], truth, roles, RIDGE)
        np.testing.assert_array_equal(of(cells), of(alone))
        np.testing.assert_array_equal(of(cells, "ceiling"), of(alone, "ceiling"))


def test_students_of_shuffled_labels_get_the_same_ones() -> None:
    said = np.arange(60.0)
    students = [Listening(), Listening()]
    carried_out([Says(said)], students, said, roles_of(60), OLS, 5)
    one, other = (listening.did["w2s"].labels for listening in students)
    np.testing.assert_array_equal(one, other)
    assert not np.array_equal(one[:, 0], said)


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("protocol", list(PROTOCOLS))
def test_shuffled_weak_labels_reach_the_students_alone(protocol: str, own: bool) -> None:
    weak, strong, truth = problem()
    strong = None if own else strong
    roles = roles_of(len(truth), protocol)
    plain = supervise(weak, strong, truth, roles, RIDGE)
    first, again, other = (supervise(weak, strong, truth, roles, RIDGE, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.weak, plain.weak)
    np.testing.assert_allclose(of(first, "ceiling"), of(plain, "ceiling"), atol=1e-8)
    np.testing.assert_array_equal(of(first), of(again))
    for one, two in ((first, plain), (first, other)):
        assert not np.allclose(of(one), of(two), rtol=0, atol=1e-6)


def test_a_students_penalty_is_chosen_on_shuffled_validation_labels_too() -> None:
    weak, strong, truth = problem()
    roles = roles_of(len(truth))
    learn, choose = roles.student_learns, roles.student_chooses
    found = supervise(weak, strong, truth, roles, RIDGE, 2)
    labels = shuffled(found.weak, [learn, choose], 2)
    expected = RIDGE(InMemory(strong), labels, learn, choose)
    np.testing.assert_array_equal(found.made["w2s"].penalties, expected.penalties)
    np.testing.assert_allclose(of(found), expected.predict(strong), atol=1e-8)
    half = shuffled(found.weak, [learn], 2)
    unshuffled = RIDGE(InMemory(strong), half, learn, choose)
    assert not np.array_equal(found.made["w2s"].penalties, unshuffled.penalties)


def test_shuffled_weak_labels_teach_nothing() -> None:
    weak, strong, truth = problem(2000)
    roles = roles_of(len(truth))
    test = roles.parts["test"]
    plain, mixed = (
        of(supervise(weak, strong, truth, roles, RIDGE, seed))[test, 1] for seed in (None, 0)
    )
    held = truth[test]
    assert np.mean((plain - held) ** 2) < 0.8 * held.var()
    assert np.mean((mixed - held) ** 2) > 0.95 * held.var()


@given(st.integers(0, 1000))
def test_labels_are_permuted_among_the_molecules_of_their_role(seed: int) -> None:
    """Each row keeps its supervisors' labels together; other rows keep theirs."""
    labels = np.random.default_rng(seed).normal(size=(30, 2))
    roles = [np.arange(0, 12), np.arange(15, 25)]
    found = shuffled(labels, roles, seed)
    for rows in roles:
        assert sorted(map(tuple, found[rows])) == sorted(map(tuple, labels[rows]))
        assert not np.array_equal(found[rows], labels[rows])
    rest = np.setdiff1d(np.arange(30), np.concatenate(roles))
    np.testing.assert_array_equal(found[rest], labels[rest])


def test_labels_are_shuffled_as_in_finished_runs() -> None:
    found = shuffled(np.arange(10.0)[:, None], [np.array([0, 2, 3, 5]), np.array([9, 7])], 4)
    assert found[:, 0].tolist() == [5, 1, 0, 3, 4, 2, 6, 7, 8, 9]


@pytest.mark.parametrize("fit", [RIDGE, OLS])
def test_of_what_a_supervisor_says_nothing_the_student_learns_from_the_rest(fit) -> None:
    _, strong, truth = problem()
    truth = truth + 5 * np.random.default_rng(6).normal(size=len(truth))
    roles = roles_of(len(truth))
    valid = roles.student_chooses
    silent = np.isin(np.arange(len(truth)), [*roles.student_learns[::3], *valid[::2]])
    told = Says(np.where(silent, np.nan, truth + 1), "some")
    whole = Says(truth - 1, "all")
    [found] = carried_out([told, whole, told], [student(strong)], truth, roles, fit)
    learn, choose = (rows[~silent[rows]] for rows in (roles.student_learns, roles.student_chooses))
    some = fit(InMemory(strong), truth[:, None] + 1, learn, choose)
    everything = fit(InMemory(strong), truth[:, None], roles.student_learns, roles.student_chooses)
    assert fit is OLS or some.penalties[0] > 1e-5
    for column, (head, shift) in enumerate(((some, 0), (everything, -1), (some, 0))):
        expected = head.predict(strong)[:, 0] + shift
        np.testing.assert_allclose(of(found)[:, column], expected, atol=1e-8)
        np.testing.assert_array_equal(found.made["w2s"].penalties[column], head.penalties[0])
        model = found.made["w2s"].models[column]
        np.testing.assert_allclose(model.head.predict(strong)[:, 0], expected, atol=1e-8)
    np.testing.assert_allclose(
        of(found, "ceiling"),
        np.repeat(everything.predict(strong), 3, axis=1),
        atol=1e-8,
    )


def test_molecules_of_which_a_supervisor_says_nothing_are_not_measured() -> None:
    _, strong, truth = problem()
    roles = roles_of(len(truth))
    test = roles.parts["test"]
    said = truth + 0.5
    said[test[:4]] = np.nan
    supervisor = Says(said)
    [found] = carried_out([supervisor], [student(strong)], truth, roles, OLS)
    seen = found.predicted(test, 0)
    assert int((~np.isnan(seen.weak)).sum()) == len(test) - 4
    assert REGRESSION.measured(seen)["weak_error"] == pytest.approx(0.25)
    split = random_split(len(truth), 0)
    dataset = Dataset("made", ["C"] * len(truth), truth, "y", "log10", [split])
    context = StudyContext(StudyConfig(dataset=("made",)), "0123", REGRESSION)
    rows = result_rows(context, dataset, Draw(0), [supervisor], roles, found).set_index(
        "eval_split"
    )
    counts = {part: len(rows) for part, rows in roles.parts.items()}
    assert rows["n"].to_dict() == {**counts, "test": len(test) - 4}
    assert rows.loc["test", "weak_error"] == pytest.approx(0.25)


def test_students_learn_from_all_digits_and_those_that_are_kept_are_measured() -> None:
    weak, strong, truth = problem()
    roles = roles_of(len(truth))
    supervisor, listening = Says(weak[0][:, 0]), Listening()
    heard, taught = carried_out([supervisor], [listening, student(strong)], truth, roles, OLS)
    np.testing.assert_array_equal(listening.did["w2s"].labels[:, 0], weak[0][:, 0])
    for made in (
        heard.weak,
        taught.weak,
        of(heard),
        of(taught),
        of(heard, "ceiling"),
    ):
        np.testing.assert_array_equal(made, without_rounding(made))
    np.testing.assert_array_equal(heard.weak[:, 0], without_rounding(weak[0][:, 0]))


@pytest.mark.parametrize(
    "said", [np.zeros(59), np.zeros((60, 1)), np.array(["1"] * 60), np.zeros(60, bool), 3.0]
)
def test_a_supervisor_that_gives_no_number_a_molecule_is_refused(said: object) -> None:
    supervisor = Says(np.array(said), "odd")
    with pytest.raises(InputError, match=r"supervisor odd gives an array .* shape \(60,\)"):
        carried_out([supervisor], [Listening()], np.zeros(60), roles_of(60), OLS)


@pytest.mark.parametrize("role", ["student_learns", "student_chooses"])
def test_a_supervisor_that_a_student_can_learn_nothing_from_is_refused(role: str) -> None:
    roles, said = roles_of(60, "disjoint"), np.arange(60.0)
    said[getattr(roles, role)] = np.nan
    words = {
        "student_learns": "24 molecules .* learns from",
        "student_chooses": "6 molecules .* chooses",
    }
    told = f"supervisor mute cannot teach on this split: it says nothing of the {words[role]}"
    with pytest.raises(InputError, match=told):
        carried_out([Says(said, "mute")], [Listening()], np.zeros(60), roles, OLS)
    said[getattr(roles, role)[0]] = 1.0
    carried_out([Says(said, "mute")], [Listening()], np.zeros(60), roles, OLS)


@pytest.mark.parametrize(
    ("role", "told"),
    [
        ("train", "any of the 48 labelled molecules to learn from"),
        ("valid", "any of the 6 labelled validation molecules to choose a penalty on"),
    ],
)
def test_a_column_without_a_number_where_it_learns_or_is_judged_is_refused_for_that(
    role: str, told: str
) -> None:
    roles, column = roles_of(60), np.arange(60.0)
    column[roles.parts[role]] = np.nan
    examples, truth = Examples(["C"] * 60, {"x": column}), np.arange(60.0) ** 2
    said = rf"supervisor column:x cannot teach on own, split 0: it has no number for {told}\."
    rest = (roles, REGRESSION, OLS, None, "own, split 0")
    with pytest.raises(InputError, match=said):
        list(split_cells([Column("x")], [Listening()], examples, truth, *rest))


def test_whole_numbers_are_labels_too() -> None:
    [found] = carried_out([Says(np.arange(60))], [Listening()], np.zeros(60), roles_of(60), OLS)
    np.testing.assert_array_equal(found.weak[:, 0], np.arange(60.0))


def test_what_is_known_of_molecules_is_of_the_supervisors_column() -> None:
    weak, strong, truth = problem()
    roles = roles_of(len(truth))
    found = supervise(weak, strong, truth, roles, RIDGE)
    test = roles.parts["test"]
    seen = found.predicted(test, 1)
    np.testing.assert_array_equal(seen.truth, truth[test])
    np.testing.assert_array_equal(seen.weak, found.weak[test, 1])
    np.testing.assert_array_equal(seen.w2s, of(found)[test, 1])
    np.testing.assert_array_equal(seen.ceiling, of(found, "ceiling")[test, 1])
    assert list(seen.beside) == list(BESIDE)
    for use, predictions in seen.beside.items():
        np.testing.assert_array_equal(predictions, of(found, use)[test, 1])


@pytest.mark.parametrize("own", [True, False])
def test_each_cells_model_predicts_what_its_student_does(own: bool) -> None:
    weak, strong, truth = problem()
    found = supervise(weak, None if own else strong, truth, roles_of(len(truth)), RIDGE)
    assert len(found.made["w2s"].models) == 2
    for column, model in enumerate(found.made["w2s"].models):
        x = weak[column] if own else strong
        assert [one.encoder for one in model.inputs] == [f"weak-{column}" if own else "strong"]
        np.testing.assert_allclose(model.head.predict(x)[:, 0], of(found)[:, column], atol=1e-8)
        np.testing.assert_array_equal(model.head.penalties, found.made["w2s"].penalties[[column]])


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("use", ["w2s", "delta", "stack", "both", "direct"])
def test_each_uses_models_predict_again_what_it_predicted(use: str, own: bool) -> None:
    weak, strong, truth = problem()
    roles = roles_of(len(truth))
    found = supervise(weak, None if own else strong, truth, roles, RIDGE)
    made, rows = found.made[use], roles.measured
    for column, (teacher, model) in enumerate(zip(found.weak_models, made.models, strict=True)):
        says = teacher.head.predict(weak[column])[:, 0]
        np.testing.assert_allclose(says, found.weak[:, column], atol=1e-8)
        x = weak[column] if own else strong
        again = model.head.predict(x, says[:, None])[:, 0]
        np.testing.assert_allclose(again[rows], made.predictions[rows, column], atol=1e-8)
    assert (made.weights is not None) == (use == "both")
    assert use != "both" or set(made.weights) <= set(WEIGHTS)


def test_where_there_was_nothing_to_learn_there_is_no_model_and_others_keep_their_place() -> None:
    _, strong, truth = problem()
    roles = roles_of(len(truth), "disjoint")
    silent = truth.copy()
    silent[roles.supervisor_learns] = np.nan
    told = [Says(silent, "silent"), Says(truth - 1, "all")]
    [found] = carried_out(told, [student(strong)], truth, roles, RIDGE)
    assert [model is None for model in found.made["delta"].models] == [True, False]
    assert [model is None for model in found.made["w2s"].models] == [False, False]
    assert found.weak_models == [None, None]


def test_a_students_features_are_factorised_once_for_all_supervisors() -> None:
    weak, strong, truth = problem()
    calls = []

    def fit(features: Matrix, labels: np.ndarray, *rest: Any) -> LinearHead:
        calls.append(labels.shape[1])
        return fit_ridge(features, labels, *rest)

    supervise(weak, strong, truth, roles_of(len(truth)), SquaredRule(fit, ridge_beside))
    # Each supervisor's own head; then student, delta and both with each weight of two supervisors,
    # direct and ceiling. Stacked heads are factorised once more.
    assert calls == [1, 1, 2 * (2 + len(WEIGHTS)) + 2]


def test_rows_that_nobody_asks_for_are_not_predicted() -> None:
    weak, strong, truth = problem()
    valid = np.arange(60, 80)
    parts = {"valid": valid, "test": np.arange(90, 100)}
    roles = Roles(parts, np.arange(60), np.arange(60), valid, valid)
    found = supervise(weak, strong, truth, roles, RIDGE)
    asked = roles.asked
    for made in (found.weak, of(found), of(found, "ceiling")):
        assert np.isfinite(made[asked]).all()
        assert np.isnan(np.delete(made, asked, axis=0)).all()


@pytest.mark.slow
def test_a_cell_is_a_function_of_what_goes_in() -> None:
    weak, strong, truth = problem()
    roles = roles_of(len(truth), "disjoint")
    for fit in (RIDGE, OLS, head_fitter("adamw", epochs=2), head_fitter("mlp", width=2)):
        one, other = (supervise(weak, strong, truth, roles, fit, 3) for _ in range(2))
        np.testing.assert_array_equal(of(one), of(other))
        np.testing.assert_array_equal(of(one, "ceiling"), of(other, "ceiling"))


@pytest.mark.parametrize("fit", [RIDGE, OLS])
def test_a_supervisor_that_overflowed_spoils_no_one_else(fit) -> None:
    """Its column alone is not finite, also where there are many molecules to choose on."""
    _, strong, truth = problem(600)
    said = [truth + 0.1, truth - 0.2]
    roles = PROTOCOLS["paper"].roles(random_split(len(truth), 0), 0)
    overflowed = truth.copy()
    overflowed[roles.student_chooses[0]] = -np.inf
    alone = carried_out([Says(said[0], "a"), Says(said[1], "b")], [student(strong)], truth,
                        roles, fit)[0]  # fmt: skip
    among = carried_out(
        [Says(said[0], "a"), Says(overflowed, "overflowed"), Says(said[1], "b")],
        [student(strong)],
        truth,
        roles,
        fit,
    )[0]
    for one, other in ((0, 0), (1, 2)):
        np.testing.assert_allclose(of(alone)[:, one], of(among)[:, other], rtol=1e-11)
        np.testing.assert_allclose(
            of(alone, "ceiling")[:, one], of(among, "ceiling")[:, other], rtol=1e-11
        )


def test_the_best_of_the_others_are_taken_by_weak_error_minus_misfit_on_validation() -> None:
    """By hand: who is taken, what is said, and that no other student's misfit counts."""
    weak, strong, truth = problem()
    roles = roles_of(len(truth))
    others = [probe(x, f"weak-{place}") for place, x in enumerate([*weak, strong[:, 2:9]])]
    students = [student(strong, "large"), student(strong[:, ::3], "small")]
    found = carried_out([*others, Top("top:2", 2, others)], students, truth, roles, RIDGE)
    for cells in found:
        rows = roles.parts["valid"]
        of_student, said = of(cells)[rows, :3], cells.weak[rows, :3]
        errors, misfits = (said - truth[rows, None]) ** 2, (of_student - said) ** 2
        bounds = (errors - misfits).mean(axis=0)
        best = np.argsort(bounds)[:2]
        assert cells.taken == [""] * 3 + [" + ".join(f"weak-{place}" for place in best)]
        np.testing.assert_allclose(
            cells.weak[roles.asked, 3], cells.weak[roles.asked][:, best].mean(axis=1)
        )
        model = cells.weak_models[3]
        assert {one.encoder for one in model.inputs} == {f"weak-{place}" for place in best}


def test_whoever_is_silent_on_validation_is_not_taken() -> None:
    _, strong, truth = problem()
    roles = roles_of(len(truth))
    silent, wrong, near = np.full(120, np.nan), truth + 5, truth + 0.1
    others = [Says(said, name) for said, name in ((silent, "a"), (wrong, "b"), (near, "c"))]
    [cells] = carried_out(
        [others[1], Top("top:2", 2, others)], [student(strong)], truth, roles, RIDGE
    )
    assert cells.taken == ["", "c + b"]


@pytest.mark.parametrize(("speaks_of", "taken"), [(1, "good"), (7, "good")])
def test_those_that_are_compared_speak_of_the_same_molecules(speaks_of: int, taken: str) -> None:
    """Who is right on the few of which he speaks is none of them, or is compared on these."""
    _, strong, truth = problem()
    roles = roles_of(len(truth))
    valid = roles.parts["valid"]
    partial = truth + 10
    partial[valid] = np.nan
    partial[valid[:speaks_of]] = truth[valid[:speaks_of]] + (speaks_of > 6) * 10
    others = [Says(partial, "partial"), Says(truth + 0.3, "good")]
    [cells] = carried_out([Top("top:1", 1, others)], [student(strong)], truth, roles, RIDGE)
    assert cells.taken == [taken]


def test_the_others_are_asked_once_for_all_students_of_a_split() -> None:
    _, strong, truth = problem()
    others = [Says(truth + 0.1, "a"), Says(truth + 1, "b")]
    students = [student(strong, "large"), student(strong[:, :4], "small")]
    carried_out([Top("top:1", 1, others)], students, truth, roles_of(len(truth)), RIDGE)
    assert [len(one.lessons) for one in others] == [1, 1]


def test_no_test_label_decides_who_is_taken() -> None:
    weak, strong, truth = problem()
    roles = roles_of(len(truth))
    altered = truth.copy()
    altered[roles.parts["test"]] *= -100
    others = [probe(x, f"weak-{place}") for place, x in enumerate(weak)]
    before, after = (
        carried_out([Top("top:1", 1, others)], [student(strong)], y, roles, RIDGE)[0]
        for y in (truth, altered)
    )
    assert before.taken == after.taken
    np.testing.assert_array_equal(before.weak, after.weak)
