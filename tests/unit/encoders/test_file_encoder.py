"""``file:EMBEDDINGS.parquet``: vectors from elsewhere, found by their SMILES, or refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from w2s_mol import load_encoder, run_study
from w2s_mol.datasets.builtin import generate
from w2s_mol.encoders.contract import Encoder
from w2s_mol.encoders.names import expand_encoders
from w2s_mol.errors import InputError
from w2s_mol.shards.embedding import embed_table

SMILES = ["CCO", "c1ccccc1O", "CCl", "C"]


def write(path: Path, embedding: pa.Array, smiles=None, **more) -> Path:
    texts = SMILES if smiles is None else smiles
    pq.write_table(pa.table({"smiles": texts, "embedding": embedding, **more}), path)
    return path


def lists(*rows, kind=None) -> pa.Array:
    return pa.array(list(rows), pa.list_(kind or pa.float32()))


def opened(path: Path) -> Encoder:
    return load_encoder(f"file:{path}")


@pytest.fixture
def four(tmp_path: Path) -> Path:
    return write(tmp_path / "four.parquet", lists([1, 2], [3, 4], [5, 6], [7, 8]))


def test_vectors_are_found_by_their_smiles(four: Path) -> None:
    encoder = opened(four)
    assert encoder.name == "four"
    assert encoder.hidden is None
    assert encoder.dimension(encoder.poolings[0]) == 2
    found = encoder.embed(["C", " CCO ethanol", "C", "N"])
    assert found.embeddings.dtype == np.float32
    np.testing.assert_array_equal(found.embeddings[:3], [[7, 8], [1, 2], [7, 8]])
    assert found.valid.tolist() == [True, True, True, False]
    assert found.reasons[3] == "not in the file of embeddings"


def test_another_spelling_is_found_by_its_canonical_smiles_but_text_comes_first(tmp_path) -> None:
    path = write(tmp_path / "two.parquet", lists([1], [2], [3], [4]), ["OCC", "C(C)O", "OC", "N"])
    found = opened(path).embed(["OCC", "C(C)O", "CCO", "CO"])
    np.testing.assert_array_equal(found.embeddings[[0, 1, 3]].ravel(), [1, 2, 3])
    assert found.valid.tolist() == [True, True, False, True]
    assert "spellings there have different vectors" in found.reasons[2]


def test_spellings_of_one_vector_are_no_ambiguity(tmp_path: Path) -> None:
    path = write(tmp_path / "two.parquet", lists([1], [1]), ["OCC", "C(C)O"])
    np.testing.assert_array_equal(opened(path).embed(["CCO"]).embeddings, [[1]])


def test_another_isomer_is_another_molecule(tmp_path: Path) -> None:
    path = write(tmp_path / "one.parquet", lists([1]), ["C[C@H](N)C(=O)O"])
    found = opened(path).embed(["C[C@@H](N)C(=O)O", "N[C@@H](C)C(=O)O", "CC(N)C(=O)O"])
    assert found.valid.tolist() == [False, True, False]


@pytest.mark.parametrize(
    "embedding",
    [
        pa.FixedSizeListArray.from_arrays(pa.array(np.arange(8, dtype=np.float16)), 2),
        pa.FixedSizeListArray.from_arrays(pa.array(np.arange(8, dtype=np.float32)), 2),
        lists([0, 1], [2, 3], [4, 5], [6, 7], kind=pa.float64()),
        lists([0, 1], [2, 3], [4, 5], [6, 7], kind=pa.int8()),
        pa.array([[0, 1], [2, 3], [4, 5], [6, 7]], pa.large_list(pa.uint64())),
    ],
    ids=lambda array: str(array.type),
)
def test_lists_of_any_numbers_are_read_as_float32(tmp_path: Path, embedding: pa.Array) -> None:
    found = opened(write(tmp_path / "n.parquet", embedding)).embed(SMILES)
    assert found.embeddings.dtype == np.float32
    np.testing.assert_array_equal(found.embeddings, np.arange(8).reshape(4, 2))


def test_what_pandas_writes_is_read(tmp_path: Path) -> None:
    vectors = [np.array([0.5, n]) for n in range(4)]
    frame = pd.DataFrame({"smiles": SMILES, "embedding": vectors})
    frame["smiles"] = frame["smiles"].astype("category")
    frame.to_parquet(tmp_path / "p.parquet")
    np.testing.assert_array_equal(
        opened(tmp_path / "p.parquet").embed(SMILES).embeddings[:, 1], [0, 1, 2, 3]
    )


def test_bits_are_read_even_where_some_are_missing(tmp_path: Path) -> None:
    embedding = pa.array([[True, False], [None, True], [True, True], None], pa.list_(pa.bool_()))
    found = opened(write(tmp_path / "b.parquet", embedding)).embed(SMILES)
    assert found.valid.tolist() == [True, False, True, False]
    np.testing.assert_array_equal(found.embeddings[[0, 2]], [[1, 0], [1, 1]])


OF_ONE_SIZE = pytest.param(
    2,
    marks=pytest.mark.skipif(
        int(pa.__version__.split(".")[0]) < 26, reason="pyarrow 26 is the first to write a gap so"
    ),
)


@pytest.mark.parametrize("size", [None, OF_ONE_SIZE])
def test_rows_without_a_usable_vector_are_invalid_with_a_reason(tmp_path: Path, size) -> None:
    kind = pa.list_(pa.float64()) if size is None else pa.list_(pa.float64(), size)
    rows = [[1, np.nan], None, [1e300, 1], [1, 2], [3, 4], [5, None]]
    smiles = ["C", "CC", "CCC", "CCCC", "CCCCC", "CCCCCC"]
    valid = pa.array([True, True, True, False, None, True])
    path = write(tmp_path / "v.parquet", pa.array(rows, kind), smiles, valid=valid)
    found = opened(path).embed(smiles)
    assert not found.valid.any()
    unusable = "its vector in the file of embeddings is missing or not finite"
    marked = "marked as invalid in the file of embeddings"
    assert found.reasons == (unusable, unusable, unusable, marked, marked, unusable)


def test_an_invalid_row_may_be_empty(tmp_path: Path) -> None:
    path = write(tmp_path / "e.parquet", lists([], [1, 2], None, [3, 4]))
    assert opened(path).embed(SMILES).valid.tolist() == [False, True, False, True]


def test_of_repeated_rows_the_one_with_a_vector_counts(tmp_path: Path) -> None:
    smiles = ["C", "C methane", "C", "N", "not a molecule", "", None]
    rows = lists(None, [1, 2], [1, 2], [3, 4], [9, 9], [8, 8], [7, 7])
    found = opened(write(tmp_path / "r.parquet", rows, smiles)).embed(["C", "N", "", "not"])
    np.testing.assert_array_equal(found.embeddings[:2], [[1, 2], [3, 4]])
    assert found.valid.tolist() == [True, True, False, False]


def test_two_vectors_of_one_smiles_are_refused_with_their_rows(tmp_path: Path) -> None:
    path = write(tmp_path / "r.parquet", lists([1], [2], [3]), ["C", "N", "C"])
    with pytest.raises(InputError, match=r"r\.parquet: rows 1 and 3 give 'C' two different"):
        opened(path)


def test_the_fingerprint_is_that_of_the_content(tmp_path: Path, four: Path) -> None:
    first = opened(four).fingerprint
    table = pq.read_table(four)
    pq.write_table(table, tmp_path / "other name.parquet", compression="gzip")
    assert opened(tmp_path / "other name.parquet").fingerprint == first
    for changed in (
        {"embedding": lists([1, 2], [3, 4], [5, 6], [7, 9])},
        {"embedding": lists([1, 2], [3, 4], [5, 6], [7, 8]), "valid": [True, True, True, False]},
        {"embedding": lists([1, 2], [3, 4], [5, 6], [7, 8]), "smiles": ["N", *SMILES[1:]]},
    ):
        assert opened(write(tmp_path / "c.parquet", **changed)).fingerprint != first


def test_more_rows_than_are_decoded_at_a_time_keep_their_places(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("w2s_mol.encoders.embeddings_file._ROWS", 3)
    smiles = [f"{'C' * n}O" for n in range(1, 11)]
    rows = lists(None, *([n, -n] for n in range(1, 10)))
    path = tmp_path / "many.parquet"
    pq.write_table(pa.table({"smiles": smiles, "embedding": rows}), path, row_group_size=4)
    found = opened(path).embed(smiles)
    np.testing.assert_array_equal(found.embeddings[1:, 0], range(1, 10))
    bad = lists(*([1, 2] for _ in range(9)), [1])
    with pytest.raises(InputError, match="row 10 has 1 numbers, those before it 2"):
        opened(write(tmp_path / "bad.parquet", bad, smiles))


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"SMILES": SMILES, "embedding": [[1.0]] * 4}, "there is no 'smiles'. Did you mean"),
        ({"smiles": SMILES, "vector": [[1.0]] * 4}, "there is no 'embedding'"),
        ({"smiles": SMILES, "embedding": [1.0] * 4}, "holds double, not lists of numbers"),
        ({"smiles": SMILES, "embedding": [["1"]] * 4}, "not lists of numbers"),
        ({"smiles": SMILES, "embedding": ["1"] * 4}, "holds string, not lists of numbers"),
        ({"smiles": [1, 2, 3, 4], "embedding": [[1.0]] * 4}, "holds int64, not text"),
        ({"smiles": SMILES, "embedding": [[1.0]] * 4, "valid": ["y"] * 4}, "not true or false"),
        ({"smiles": SMILES, "embedding": [[1.0]] * 3 + [[1.0, 2.0]]}, "row 4 has 2 numbers"),
        ({"smiles": SMILES, "embedding": pa.nulls(4, pa.list_(pa.float32()))}, "no vector"),
        ({"smiles": pa.array([], pa.string()), "embedding": lists()}, "no vector in its 0 rows"),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, columns, said: str) -> None:
    pq.write_table(pa.table(columns), tmp_path / "bad.parquet")
    with pytest.raises(InputError, match=said) as caught:
        opened(tmp_path / "bad.parquet")
    assert "bad.parquet" in str(caught.value)


def test_a_column_twice_is_refused(tmp_path: Path) -> None:
    table = pa.Table.from_arrays(
        [pa.array(["C"])] * 2 + [lists([1])], ["smiles"] * 2 + ["embedding"]
    )
    pq.write_table(table, tmp_path / "twice.parquet")
    with pytest.raises(InputError, match="several columns 'smiles'"):
        opened(tmp_path / "twice.parquet")


def test_what_is_no_parquet_file_is_refused(tmp_path: Path, four: Path) -> None:
    (tmp_path / "text.parquet").write_text("smiles,embedding\nC,1\n")
    (tmp_path / "cut.parquet").write_bytes(four.read_bytes()[:-40])
    (tmp_path / "empty.parquet").touch()
    for name in ("text", "cut", "empty"):
        with pytest.raises(InputError, match=f"cannot read .*{name}.parquet"):
            opened(tmp_path / f"{name}.parquet")
    with pytest.raises(InputError, match="does not exist"):
        opened(tmp_path / "nowhere.parquet")
    with pytest.raises(InputError, match="is a folder"):
        opened(tmp_path)
    with pytest.raises(InputError, match="names no file"):
        load_encoder("file:")


def test_damaged_pages_are_an_error_of_ours(tmp_path: Path, four: Path) -> None:
    content = bytearray(four.read_bytes())
    content[4:120] = b"\xff" * 116
    (tmp_path / "damaged.parquet").write_bytes(content)
    with pytest.raises(InputError, match=r"damaged\.parquet"):
        opened(tmp_path / "damaged.parquet")


def test_a_folder_stands_for_its_files_in_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("w16", "w8"):
        write(tmp_path / f"{name}.parquet", lists([1], [2], [3], [4]))
    (tmp_path / "notes.txt").touch()
    names = expand_encoders(f"file:{tmp_path}")
    assert [Path(name).stem for name in names] == ["w8", "w16"]
    assert [load_encoder(name).name for name in names] == ["w8", "w16"]
    one = f"file:{tmp_path}/w8.parquet"
    assert expand_encoders(one) == [one]


def test_a_study_of_a_file_is_the_study_of_the_encoder_it_came_from(tmp_path: Path) -> None:
    made = list(generate(80))
    (tmp_path / "m.csv").write_text("smiles,y\n" + "".join(f"{s},{y}\n" for s, y in made))
    for name in ("ecfp", "rdkit2d"):
        embed_table(tmp_path / "m.csv", load_encoder(name), tmp_path / "made" / f"{name}.parquet")
    table = {"dataset": str(tmp_path / "m.csv"), "target_column": "y", "split_seeds": (0, 1)}
    expected = run_study(weak="rdkit2d", strong="ecfp", **table).results
    files = {
        "weak": f"file:{tmp_path}/made/rdkit2d.parquet",
        "strong": f"file:{tmp_path}/made/ecfp.parquet",
    }
    found = run_study(**files, **table).results
    assert set(found["strong"]) == {"ecfp"}
    assert set(found["family"]) == {"made"}
    numbers = expected.select_dtypes("float").columns
    assert {"weak_error", "w2s_error", "misfit", "ceiling_error"} <= set(numbers)
    np.testing.assert_allclose(found[numbers], expected[numbers], rtol=0, atol=1e-12)


def test_a_molecule_that_the_file_lacks_is_named_or_left_out(tmp_path: Path) -> None:
    made = list(generate(40))
    (tmp_path / "m.csv").write_text("smiles,y\n" + "".join(f"{s},{y}\n" for s, y in made))
    (tmp_path / "few.csv").write_text("smiles\n" + "".join(f"{s}\n" for s, _ in made[:-1]))
    embed_table(tmp_path / "few.csv", load_encoder("ecfp"), tmp_path / "few.parquet")
    settings = {
        "dataset": str(tmp_path / "m.csv"),
        "target_column": "y",
        "weak": f"file:{tmp_path}/few.parquet",
        "strong": "rdkit2d",
        "split_seeds": (0,),
    }
    with pytest.raises(
        InputError, match=r"line 41.* encoder few cannot .* \(not in the file of embeddings\)"
    ):
        run_study(**settings)
    notes = run_study(on_invalid="skip", **settings).notes["m"]
    assert any("1 row left out" in note for note in notes)


def test_a_bit_flipped_in_what_embed_wrote_is_noticed(tmp_path: Path) -> None:
    """Parquet's pages carry checksums; without them a flipped bit is another number."""
    (tmp_path / "t.csv").write_text("smiles\n" + "".join(f"{'C' * n}O\n" for n in range(1, 40)))
    embed_table(tmp_path / "t.csv", load_encoder("weak-h8-s0"), tmp_path / "e.parquet")
    data = (tmp_path / "e.parquet").read_bytes()
    whole = opened(tmp_path / "e.parquet")
    for place in range(100, len(data) - 8, len(data) // 23):
        flipped = bytearray(data)
        flipped[place] ^= 0x40
        (tmp_path / "f.parquet").write_bytes(flipped)
        try:
            found = opened(tmp_path / "f.parquet")
        except InputError:
            continue
        assert found.fingerprint == whole.fingerprint, place  # of the footer's free text
