import shutil
from pathlib import Path

import numpy as np
import pytest
from taught_by_arrays import Says, probe

from w2s_mol.datasets.examples import Examples
from w2s_mol.embeddings.finding import Finder
from w2s_mol.errors import InputError
from w2s_mol.heads.fitting import head_fitter
from w2s_mol.heads.matrix import InMemory
from w2s_mol.heads.ridge import fit_ridge
from w2s_mol.supervisors.combined import Chain, Combined, Concat, Mean
from w2s_mol.supervisors.contract import Lesson, Supervisor
from w2s_mol.supervisors.numbers import Column, Property, Raw
from w2s_mol.supervisors.registry import find_supervisors

FINDER = Finder(device="cpu")
NAN = np.nan
LEARN, CHOOSE, ASKED = np.arange(20), np.arange(20, 30), np.arange(10, 40)


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(0)


def lesson(truth: np.ndarray, column: np.ndarray | None = None) -> Lesson:
    columns = {} if column is None else {"x": column}
    shown = np.where(np.arange(len(truth)) < 30, truth, NAN)
    examples = Examples(["C"] * len(truth), columns)
    return Lesson(examples, shown, LEARN, CHOOSE, ASKED, head_fitter("ridge"))


def found(name: str) -> Combined:
    [supervisor] = find_supervisors([name], FINDER)
    assert isinstance(supervisor, Combined)
    return supervisor


def test_concat_is_one_head_on_all_features(generator: np.random.Generator) -> None:
    x, y = generator.normal(size=(40, 3)), generator.normal(size=(40, 2))
    truth = generator.normal(size=40)
    said = Concat("concat:a+b", [probe(x, "a"), probe(y, "b")]).labels(lesson(truth))
    both = np.hstack([x, y])
    head = fit_ridge(InMemory(both), truth[:, None], LEARN, CHOOSE)
    np.testing.assert_allclose(said.labels[10:], head.predict(both)[10:, 0], rtol=1e-12)
    assert np.isnan(said.labels[:10]).all()
    assert said.penalty == head.penalties[0]


def test_mean_is_of_molecules_of_which_all_say_something() -> None:
    one = np.array([1.0, 2.0, NAN, NAN] * 10)
    other = np.array([3.0, NAN, 5.0, NAN] * 10)
    said = Mean("mean:a+b", [Says(one, "a"), Says(other, "b")]).labels(lesson(np.zeros(40)))
    np.testing.assert_array_equal(said.labels, [2.0, NAN, NAN, NAN] * 10)
    assert np.isnan(said.penalty)


def test_in_a_chain_each_learns_the_labels_of_the_one_before(
    generator: np.random.Generator,
) -> None:
    x, y = generator.normal(size=(40, 3)), generator.normal(size=(40, 2))
    truth = x[:, 0] + generator.normal(size=40)
    said = Chain("chain:a>b", [probe(x, "a"), probe(y, "b")]).labels(lesson(truth))
    first = fit_ridge(InMemory(x), truth[:, None], LEARN, CHOOSE).predict(x)
    head = fit_ridge(InMemory(y), first, LEARN, CHOOSE)
    np.testing.assert_allclose(said.labels[10:], head.predict(y)[10:, 0], rtol=1e-9)
    assert np.isnan(said.labels[:10]).all()
    assert said.penalty == head.penalties[0]


def test_in_a_chain_nobody_is_shown_what_the_one_before_was_not_asked_to_teach() -> None:
    labels = np.where(np.arange(40) % 2, np.arange(40.0), NAN)
    last = Says(np.ones(40), "last")
    Chain("chain:first>last", [Says(labels, "first"), last]).labels(lesson(np.zeros(40)))
    [had] = last.lessons
    np.testing.assert_array_equal(had.learn, np.arange(1, 20, 2))
    np.testing.assert_array_equal(had.choose, np.arange(21, 30, 2))
    np.testing.assert_array_equal(had.asked, ASKED)
    np.testing.assert_array_equal(had.truth, np.where(np.arange(40) < 30, labels, NAN))


def test_a_chain_whose_first_says_nothing_says_nothing() -> None:
    silent = Says(np.full(40, NAN), "silent")
    said = Chain("chain:silent>last", [silent, Says(np.ones(40), "last")])
    assert np.isnan(said.labels(lesson(np.zeros(40))).labels).all()


def test_numbers_may_be_members(generator: np.random.Generator) -> None:
    column, x = generator.normal(size=40), generator.normal(size=(40, 2))
    taught = lesson(generator.normal(size=40), column)
    mean = Mean("mean:raw:x+a", [Raw("x"), probe(x, "a")]).labels(taught).labels
    expected = (column + probe(x, "a").labels(taught).labels) / 2
    np.testing.assert_allclose(mean, expected, rtol=1e-12)
    chain = Chain("chain:raw:x>a", [Raw("x"), probe(x, "a")]).labels(taught).labels
    head = fit_ridge(InMemory(x), column[:, None], LEARN, CHOOSE)
    np.testing.assert_allclose(chain[10:], head.predict(x)[10:, 0], rtol=1e-12)


def test_families_are_found_and_are_told_by_their_seed() -> None:
    supervisors = find_supervisors(["chain:all", "mean:h8", "concat:weak-h8-s1+ecfp"], FINDER)
    assert [(s.name, s.family, s.hidden, s.seed) for s in supervisors] == [
        ("chain:all-s0", "chain", None, 0),
        ("chain:all-s1", "chain", None, 1),
        ("chain:all-s2", "chain", None, 2),
        ("mean:h8", "mean", None, None),
        ("concat:weak-h8-s1+ecfp", "concat", None, None),
    ]
    assert [type(s) for s in supervisors] == [Chain, Chain, Chain, Mean, Concat]
    assert [e.name for e in supervisors[3].encoders] == ["weak-h8-s0", "weak-h8-s1", "weak-h8-s2"]


def test_a_combination_shares_its_members_with_the_rest_of_a_study() -> None:
    alone, combined = find_supervisors(["ecfp", "mean:ecfp+rdkit2d"], FINDER)
    assert isinstance(combined, Combined)
    assert combined.members[0] is alone


def test_it_is_what_its_members_are_in_their_order() -> None:
    names = ["mean:ecfp+rdkit2d", "mean:rdkit2d+ecfp", "concat:ecfp+rdkit2d", "chain:ecfp>rdkit2d"]
    assert len({found(name).sha256 for name in names}) == 4
    spelt = "mean:weak-h8-s0+weak-h8-s1+weak-h8-s2"
    assert found(spelt).sha256 == found("mean:h8").sha256
    one, other = (Examples(["C"] * 2, {"x": np.array([1.0, x])}) for x in (NAN, 2.0))
    with_column, without = found("mean:column:x+ecfp"), found("mean:rdkit2d+ecfp")
    assert with_column.content(one) != with_column.content(other)
    assert without.content(one) == without.sha256


def test_one_of_folders_is_called_as_they_are(tiny_encoder_folder: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        folder = shutil.copytree(tiny_encoder_folder, tmp_path / name)
        (folder / "which.txt").write_text(name)
    assert found(f"mean:{tmp_path}/one+{tmp_path}/two").name == "mean:one+two"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("chain:ecfp>rdkit2d>ecfp", "chain:ecfp>rdkit2d>ecfp names ecfp 2 times"),
        ("chain:mean:ecfp+rdkit2d>ecfp", "names ecfp 2 times"),
        ("mean:ecfp+raw:x+ecfp", "names ecfp 2 times"),
        (
            "concat:ecfp+column:x",
            "and column:x has none. Leave .* mean of labels: mean:ecfp",
        ),
        ("chain:ecfp>raw:x", "raw:x learns nothing, .* write column:x"),
        ("mean:ecfp+weak-h9", "unknown supervisor 'weak-h9'"),
    ],
)
def test_what_makes_no_sense_is_refused(name: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        found(name)


class Reads(Says):
    """Cannot read some molecules, and remembers what it was asked to do."""

    def __init__(self, name: str, unread: str) -> None:
        super().__init__(np.zeros(2), name)
        self.unread, self.asked = unread, list[str]()

    @property
    def reading(self) -> str:
        return self.unread

    def read(self, smiles: list[str]) -> list[str]:  # type: ignore[override]
        self.asked.append("read")
        return [f"{self.name} cannot" if one == self.unread else "" for one in smiles]

    def begin(self, tables: object, progress: object = None) -> None:  # type: ignore[override]
        self.asked.append("begin")

    def prepare(self, smiles: list[str], progress: object = None) -> list[str]:  # type: ignore[override]
        self.asked.append("prepare")
        return self.read(smiles)


def test_it_reads_what_all_of_its_members_read() -> None:
    members = [Reads("a", "C"), Reads("b", "N"), Reads("c", "N")]
    mean = Mean("mean:a+b+c", members)
    assert mean.read(["C", "N", "O"]) == ["a cannot", "c cannot", ""]
    assert [member.asked for member in members] == [["read"], [], ["read"]]
    assert mean.prepare(["N", "O"]) == ["b cannot", ""]
    mean.begin([["C"]])
    assert [member.asked[-3:] for member in members] == [["prepare", "read", "begin"]] * 3
    assert Mean("mean:b+c", members[1:]).reading == "N"
    assert mean.reading not in ("C", "N")


def test_its_members_have_something_to_say() -> None:
    examples = Examples(["C", "CC", "CCC", "CCCC"], {"x": np.array([1.0, 3.0, 4.0, 4.0])})
    members: list[Supervisor] = [Column("x"), Property("HeavyAtomCount"), probe(np.zeros((4, 1)))]
    remarks = Mean("mean:", members).remarks(examples, np.array([1.0, 2.0, 2.0, NAN]))
    assert [remark.split(": ")[0] for remark in remarks] == ["column:x", "property:HeavyAtomCount"]
