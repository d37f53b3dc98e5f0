import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from w2s_mol import kept
from w2s_mol.embeddings import encoded as module
from w2s_mol.embeddings import store
from w2s_mol.embeddings.encoded import Encoded, StoredFeatures
from w2s_mol.embeddings.finding import Finder
from w2s_mol.encoders.contract import Embeddings
from w2s_mol.encoders.fixed import MorganEncoder
from w2s_mol.encoders.ref import OpenRef
from w2s_mol.errors import InputError
from w2s_mol.heads.matrix import InMemory, gathered
from w2s_mol.heads.ridge import fit_ridge
from w2s_mol.items.molecules import Molecules

SMILES = ["CCO", "broken", "CCN", "CCO", "c1ccccc1", "CCCC", "CC"]
OTHERS = ["CCCO", "CCCN", "CCF", "CCCl", "CCBr", "c1ccccc1O", "C1CC1", "OCCO"]


class _Counting(OpenRef):
    """Counts how often it is opened, and how many SMILES it is asked for."""

    def __init__(self, slow: float = 0) -> None:
        super().__init__(MorganEncoder(), "ecfp")
        self.opened = self.asked = 0
        self.lasting = True
        embed = self.encoder.embed

        def counted(smiles: Sequence[str], *arguments) -> Embeddings:
            self.asked += len(smiles)
            time.sleep(slow)
            return replace(embed(smiles, *arguments), lasting=self.lasting)

        self.encoder.embed = counted  # type: ignore[method-assign]

    def open(self):
        self.opened += 1
        return super().open()


@pytest.fixture
def ref(fresh_home: Path, monkeypatch: pytest.MonkeyPatch) -> _Counting:
    monkeypatch.setattr(store, "BLOCK", 3)
    return _Counting()


def vectors(encoded: Encoded, smiles: Sequence[str]) -> np.ndarray:
    return gathered(encoded.features(smiles), np.arange(len(smiles)))


def entries(home: Path) -> list[Path]:
    return sorted((home / "embeddings").rglob("*.safetensors"))


def test_features_and_reasons_are_those_of_the_encoder(ref: _Counting) -> None:
    expected = MorganEncoder().embed(SMILES)
    for _ in range(2):
        encoded = Encoded(ref)
        assert encoded.prepare(SMILES) == list(expected.reasons)
        np.testing.assert_array_equal(vectors(encoded, SMILES), expected.embeddings)
        assert encoded.features(SMILES).shape == (7, 2048)


def test_no_molecules_have_no_features(ref: _Counting) -> None:
    assert Encoded(ref).prepare([]) == []
    assert Encoded(ref).features([]).shape == (0, 2048)


def test_nothing_is_computed_twice(ref: _Counting) -> None:
    encoded = Encoded(ref)
    for again in (encoded, encoded, Encoded(ref)):
        again.begin([SMILES])
        again.prepare(SMILES)
        again.features(SMILES)
        assert ref.asked == len(SMILES)


def test_weights_are_loaded_once_and_only_where_a_block_is_missing(ref: _Counting) -> None:
    encoded = Encoded(ref)
    assert ref.opened == 0
    encoded.begin([SMILES])
    assert ref.opened == 1
    encoded.prepare(SMILES)
    Encoded(ref).prepare(SMILES)
    assert ref.opened == 1
    Encoded(ref).prepare([*SMILES[:6], *OTHERS])
    assert ref.opened == 2
    assert ref.asked == len(SMILES) + len(OTHERS)


def test_the_key_is_the_content_smiles_order_and_encoder(ref: _Counting) -> None:
    Encoded(ref).prepare(SMILES)
    Encoded(ref).prepare(SMILES[::-1])
    assert ref.asked == 2 * len(SMILES)
    ref.fingerprint = "another"
    Encoded(ref).prepare(SMILES)
    assert ref.asked == 3 * len(SMILES)


@pytest.mark.parametrize("damage", ["truncate", "alter", "empty"])
def test_a_damaged_entry_is_noticed_and_computed_again(
    ref: _Counting, fresh_home: Path, damage: str
) -> None:
    expected = vectors(Encoded(ref), SMILES)
    for path in entries(fresh_home):
        data = bytearray(path.read_bytes())
        if damage == "alter":
            data[-5] ^= 0xFF
        path.write_bytes({"truncate": data[: len(data) // 2], "empty": b""}.get(damage, data))
    np.testing.assert_array_equal(vectors(Encoded(ref), SMILES), expected)
    assert ref.asked == 2 * len(SMILES)
    vectors(Encoded(ref), SMILES)
    assert ref.asked == 2 * len(SMILES)


def test_another_limit_of_atoms_is_another_entry(ref: _Counting) -> None:
    assert Encoded(ref).prepare(["CCO", "CCCO"]) == ["", ""]
    ref.items = Molecules(3)
    first, second = Encoded(ref).prepare(["CCO", "CCCO"])
    assert first == ""
    assert "4 atoms" in second


def test_an_entry_under_anothers_name_is_not_believed(ref: _Counting, fresh_home: Path) -> None:
    ours = vectors(Encoded(ref), ["CCO"])
    [entry] = entries(fresh_home)
    vectors(Encoded(ref), ["CCN"])
    [other] = set(entries(fresh_home)) - {entry}
    entry.write_bytes(other.read_bytes())
    np.testing.assert_array_equal(vectors(Encoded(ref), ["CCO"]), ours)


def test_what_might_come_out_otherwise_is_used_but_not_kept(
    ref: _Counting, fresh_home: Path
) -> None:
    ref.lasting = False
    encoded = Encoded(ref)
    encoded.begin([SMILES])
    assert encoded.prepare(SMILES) == list(MorganEncoder().embed(SMILES).reasons)
    for _ in range(2):
        np.testing.assert_array_equal(
            vectors(encoded, SMILES), MorganEncoder().embed(SMILES).embeddings
        )
    assert entries(fresh_home) == []
    assert (ref.opened, ref.asked) == (1, len(SMILES))
    Encoded(ref).prepare(SMILES)
    assert ref.asked == 2 * len(SMILES)


def test_work_stopped_between_blocks_is_not_lost(ref: _Counting) -> None:
    def stop(work: str, done: int, total: int | None) -> None:
        if done >= 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Encoded(ref).prepare(SMILES, stop)
    before = ref.asked
    Encoded(ref).prepare(SMILES)
    assert ref.asked == len(SMILES) + before - 3


def test_how_much_is_done_is_told_of_all_molecules(ref: _Counting) -> None:
    told = []
    Encoded(ref).prepare(SMILES, lambda *what: told.append(what))
    assert {(work, total) for work, _, total in told} == {("embedding with ecfp on cpu", 7)}
    counts = [done for _, done, _ in told]
    assert counts == sorted(counts)
    assert counts[-1] == 7


@pytest.mark.parametrize("small", [0, 1 << 26])
def test_rows_in_any_order_are_those_of_the_array(
    ref: _Counting, monkeypatch: pytest.MonkeyPatch, small: int
) -> None:
    monkeypatch.setattr(module, "_SMALL", small)
    expected = MorganEncoder().embed(SMILES).embeddings
    features = Encoded(ref).features(SMILES)
    assert isinstance(features, StoredFeatures if small == 0 else InMemory)
    for rows in ([6, 0, 3, 2], [1], [4, 4, 0], list(range(7)), []):
        wanted = np.array(rows, dtype=np.int64)
        found = np.zeros((len(rows), 2048), dtype=np.float32)
        places = []
        for some, block in features.blocks(wanted):
            found[some] = block
            places += some.tolist()
        assert sorted(places) == list(range(len(rows)))
        np.testing.assert_array_equal(found, expected[wanted])


def test_a_large_matrix_is_read_a_block_at_a_time(
    ref: _Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    smiles = [*OTHERS, *(text for text in SMILES if text != "broken")]
    labels = np.random.default_rng(0).normal(size=(len(smiles), 1))
    learn, choose = np.arange(0, 9), np.arange(9, 14)
    expected = fit_ridge(Encoded(ref).features(smiles), labels, learn, choose)
    monkeypatch.setattr(module, "_SMALL", 0)
    read = []
    read_features = store.read_features

    def counted(entry: kept.Entry) -> np.ndarray:
        read.append(entry)
        return read_features(entry)

    monkeypatch.setattr(store, "read_features", counted)
    features = Encoded(ref).features(smiles)
    assert read == []
    assert len(list(features.blocks(np.array([13, 12, 0])))) == 2
    assert len(read) == 2
    found = fit_ridge(features, labels, learn, choose)
    np.testing.assert_allclose(found.coefficients, expected.coefficients, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(found.penalties, expected.penalties)


def test_the_same_vector_for_all_molecules_is_refused(
    ref: _Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = ref.encoder
    monkeypatch.setattr(encoder, "_chunk", lambda mols: np.ones((len(mols), 2048)))
    with pytest.raises(InputError, match="encoder ecfp gives all 7 molecules the same vector"):
        Encoded(ref).prepare(SMILES)
    assert Encoded(ref).prepare(["CCO", "CCO"]) == ["", ""]


def test_molecules_are_read_without_computing_a_vector(ref: _Counting) -> None:
    expected = list(MorganEncoder().embed(SMILES).reasons)
    assert Encoded(ref).read(SMILES) == expected
    assert (ref.opened, ref.asked) == (1, 0)
    Encoded(ref).prepare(SMILES)
    opened = ref.opened
    assert Encoded(ref).read(SMILES) == expected
    assert ref.opened == opened  # what is kept says it


def test_begin_takes_what_is_free_and_waits_for_nobody(ref: _Counting, fresh_home: Path) -> None:
    entry = store.block_entry(ref, SMILES[3:6], "fixed")
    with kept.held(entry):
        Encoded(ref).begin([SMILES])
        assert ref.asked == 4
        assert len(entries(fresh_home)) == 2
    Encoded(ref).prepare(SMILES)
    assert ref.asked == len(SMILES)


def test_who_waits_for_another_process_is_told(ref: _Counting) -> None:
    entry = store.block_entry(ref, SMILES[3:6], "fixed")
    told = threading.Event()

    def waiting(work: str, done: int, total: int | None) -> None:
        if "another process at work on the embeddings of ecfp" in work:
            told.set()

    holding = threading.Event()

    def hold() -> None:
        with kept.held(entry):
            holding.set()
            told.wait(10)

    other = threading.Thread(target=hold)
    other.start()
    holding.wait(10)
    Encoded(ref).prepare(SMILES, waiting)
    other.join()
    assert told.is_set()
    assert ref.asked == len(SMILES)


def test_processes_share_the_blocks(fresh_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "BLOCK", 1)
    workers = [_Counting(slow=0.1) for _ in range(2)]
    found: dict[int, np.ndarray] = {}

    def work(number: int) -> None:
        encoded = Encoded(workers[number])
        encoded.begin([OTHERS])
        encoded.prepare(OTHERS)
        found[number] = vectors(encoded, OTHERS)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = MorganEncoder().embed(OTHERS).embeddings
    for number in range(2):
        np.testing.assert_array_equal(found[number], expected)
    assert sum(worker.asked for worker in workers) == len(OTHERS)
    assert min(worker.asked for worker in workers) > 0


def test_two_poolings_do_not_share_an_entry(fresh_home: Path, tiny_encoder_folder: Path) -> None:
    mean, pooled = (
        vectors(Finder(pooling=pooling).encoded(str(tiny_encoder_folder)), ["CCO"])
        for pooling in ("mean", "pooled")
    )
    assert mean.shape == pooled.shape
    assert not np.array_equal(mean, pooled)


def test_an_encoder_is_found_with_what_is_asked_of_it(tiny_encoder_folder: Path) -> None:
    found = Finder(pooling="mean", items=Molecules(7)).encoded(str(tiny_encoder_folder))
    assert (found.pooling, found.encoder.items) == ("mean", Molecules(7))
    assert found.encoder.open().items == Molecules(7)
    fixed = Finder(pooling="mean", items=Molecules(7)).encoded("ecfp")
    assert (fixed.pooling, fixed.encoder.items) == ("fixed", Molecules(7))
    with pytest.raises(InputError, match="does not offer the pooling 'middle'"):
        Finder(pooling="middle").encoded(str(tiny_encoder_folder))
