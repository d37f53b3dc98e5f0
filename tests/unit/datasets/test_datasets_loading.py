from __future__ import annotations

import csv
import gzip
import json
import re
from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem

from w2s_mol.datasets.dataset import PARTS
from w2s_mol.datasets.loading import load_dataset
from w2s_mol.datasets.named import expand_datasets
from w2s_mol.datasets.split_pickle import read_split_pickle
from w2s_mol.datasets.splits import random_split, scaffold_split
from w2s_mol.errors import DownloadError, InputError

ROWS = [("C" * (i + 1) + "O", f"{i / 4}") for i in range(12)]
PARTS_OF_ROWS = ["train"] * 8 + ["valid"] * 2 + ["test"] * 2
LAST_LINE = len(ROWS) + 1

FAULTS = {
    "c1cc,1.0": "cannot parse SMILES: 'c1cc'",
    "CC(,1.0": "cannot parse SMILES: 'CC('",
    "c1ccccc1C(C)(C)(C)C,1.0": "cannot parse SMILES",
    "CC\0O,1.0": "NUL|cannot parse SMILES",
    ",1.0": "empty SMILES",
    "   ,1.0": "empty SMILES",
    "CCO,abc": "label is not a number: 'abc' in column 'logp'",
    'CCO,"1,5"': "label has a comma, the decimal sign should be a point: '1,5' in column 'logp'",
    "CCO,": "empty label: column 'logp'",
    "CCO,  ": "empty label: column 'logp'",
    "CCO,nan": "label is not finite: 'nan' in column 'logp'",
    "CCO,NaN": "label is not finite: 'NaN' in column 'logp'",
    "CCO,inf": "label is not finite: 'inf' in column 'logp'",
    "CCO,-Infinity": "label is not finite: '-Infinity' in column 'logp'",
    "CCO,1e150": "label is 1e+150 or more, whose square overflows: '1e150' in column 'logp'",
    "CCO,-1e300": "label is 1e+150 or more, whose square overflows: '-1e300' in column 'logp'",
    "CCO,9e-151": "label is below 1e-150, whose square is lost: '9e-151' in column 'logp'",
    "CC\u00d3,1.0": "a character that is not printable ASCII: '\u00d3' in 'CC\u00d3'",
    '"CCO\nCCC",1.0': "a character that is not printable ASCII: '\\n' in 'CCO\\nCCC'",
    "C[C@H](O)F |&1:1|,1.0": "a CXSMILES extension (|...|), which encoders do not read: ",
    "C" * 501 + ",1.0": "too many atoms, the limit is 500: 501 in 'CCC",
    "C" * 20_000 + ",1.0": "too many atoms, the limit is 500: 20,000 in 'CCC",
    "CCO": "another number of fields, expected 2 as in the header: 1 fields",
    "CCO,1,2": "another number of fields, expected 2 as in the header: 3 fields",
    "CCO,1e999": "label is not finite: '1e999' in column 'logp'",
}


def csv_text(rows=ROWS, extra=()):
    lines = ["smiles,logp", *(",".join(row) for row in rows), *extra]
    return "\n".join(lines) + "\n"


@pytest.fixture
def load(write):
    """Load a table with this content."""

    def run(text, name="own.csv", **options):
        return load_dataset(str(write(name, text)), **{"target_column": "logp", **options})

    return run


@pytest.fixture
def split_file(write):
    """Write a split of the twelve rows, by part, or one of other rows."""

    def to_file(name="mine.json", **parts):
        by_part = {part: [i for i, p in enumerate(PARTS_OF_ROWS) if p == part] for part in PARTS}
        return write(name, json.dumps({**by_part, **parts}))

    return to_file


def smiles_of(dataset, rows):
    return [dataset.smiles[row] for row in rows]


def test_a_table_becomes_molecules_labels_and_three_random_splits(load):
    dataset = load(csv_text(), unit="log10")
    assert (dataset.name, dataset.target, dataset.unit) == ("own", "logp", "log10")
    assert list(zip(dataset.smiles, dataset.labels, strict=True)) == [
        (smiles, float(label)) for smiles, label in ROWS
    ]
    assert dataset.labels.dtype == np.float64
    assert dataset.lines == list(range(2, LAST_LINE + 1))
    expected = [random_split(len(ROWS), seed) for seed in (0, 1, 2)]
    assert [s.sha256 for s in dataset.splits] == [s.sha256 for s in expected]
    assert [s.name for s in dataset.splits] == ["0", "1", "2"]
    assert dataset.notes == []


def test_the_columns_may_have_any_name_and_place(load):
    text = "id,y,mol\n" + "".join(f"{i},{y},{s}\n" for i, (s, y) in enumerate(ROWS))
    dataset = load(text, smiles_column="mol", target_column="y")
    assert dataset.smiles == [smiles for smiles, _ in ROWS]
    assert dataset.target == "y"


@pytest.mark.parametrize("name", ["own.csv.gz", "own.tsv", "own.tsv.gz"])
def test_a_table_may_be_compressed_or_tab_separated(load, name):
    text = csv_text().replace(",", "\t" if ".tsv" in name else ",").encode()
    dataset = load(gzip.compress(text) if name.endswith(".gz") else text, name)
    assert (dataset.name, len(dataset)) == ("own", 12)


def test_blanks_around_a_smiles_are_left_out(load):
    assert load(csv_text([(f" {smiles} ", label) for smiles, label in ROWS])).smiles == [
        smiles for smiles, _ in ROWS
    ]


def test_splits_are_made_by_seed_in_order_and_once_each(load):
    dataset = load(csv_text(), split_seeds=(7, 3, 7))
    assert [split.name for split in dataset.splits] == ["3", "7"]


def test_a_scaffold_split_can_be_asked_for(load):
    rings = ["C1CC1C", "C1CCC1C", "c1ccccc1C", "c1ccncc1C", "C1CCNC1C", "c1ccsc1C"]
    smiles = [ring + "C" * i for ring in rings for i in range(4)] + ["C" * i for i in range(1, 17)]
    rows = [(molecule, str(i)) for i, molecule in enumerate(smiles)]
    dataset = load(csv_text(rows), split="scaffold", split_seeds=[5, 6])
    expected = [scaffold_split(smiles, seed).sha256 for seed in (5, 6)]
    assert [split.sha256 for split in dataset.splits] == expected


def test_split_columns_make_a_split_each(load):
    text = "smiles,logp,fold a,fold b\n" + "".join(
        f"{s},{y},{a},{b}\n"
        for (s, y), a, b in zip(ROWS, PARTS_OF_ROWS, PARTS_OF_ROWS[::-1], strict=True)
    )
    dataset = load(text, split_columns=["fold a", "fold b"])
    assert [split.name for split in dataset.splits] == ["fold a", "fold b"]
    assert dataset.splits[0].test.tolist() == [10, 11]
    assert dataset.splits[1].test.tolist() == [0, 1]


def test_split_files_make_a_split_each(load, split_file):
    files = [split_file("a.json"), split_file("b.json", valid=[11], test=[8, 9, 10])]
    dataset = load(csv_text(), split_files=files)
    assert [split.name for split in dataset.splits] == ["a", "b"]
    assert dataset.splits[1].test.tolist() == [8, 9, 10]


@pytest.mark.parametrize(("row", "fault"), FAULTS.items())
def test_a_row_that_cannot_be_used_is_an_error_with_file_and_line(load, row, fault):
    rows = csv_text(extra=[row, "CCN,1"])
    with pytest.raises(InputError) as caught:
        load(rows)
    message = str(caught.value)
    assert message.startswith(f"own.csv line {LAST_LINE + 1}")
    assert any(words in message for words in fault.split("|"))


def test_the_error_says_how_to_go_on(load):
    with pytest.raises(InputError) as caught:
        load(csv_text(extra=["c1cc,1.0"]))
    assert str(caught.value) == (
        "own.csv line 14: cannot parse SMILES: 'c1cc'. Fix the row, or pass --on-invalid skip."
    )


@pytest.mark.parametrize(
    ("row", "fault"), [(row, FAULTS[row]) for row in FAULTS if not set(row) & set("\0\n")]
)
def test_a_row_that_cannot_be_used_is_left_out_and_counted_where_asked(load, row, fault):
    dataset = load(csv_text(ROWS[:5], [row, *(",".join(r) for r in ROWS[5:])]), on_invalid="skip")
    assert dataset.smiles == [smiles for smiles, _ in ROWS]
    assert dataset.labels.tolist() == [float(label) for _, label in ROWS]
    assert dataset.lines == [2, 3, 4, 5, 6, *range(8, 15)]
    [note] = dataset.notes
    assert f"1 × {fault.split(':')[0]})" in note


KEEP = "--unlabelled rows to let the student learn their weak labels"


def test_all_faulty_rows_are_told_at_once_by_reason_and_the_rest_in_a_file(load, fresh_home):
    extra = [f"{'C' * i}(,1" for i in range(1, 13)] + ["CCO,", "C" * 600 + ",1"]
    with pytest.raises(InputError) as caught:
        load(csv_text(extra=extra))
    lines = str(caught.value).splitlines()
    assert lines[:3] == [
        "own.csv: 14 of 26 rows cannot be used.",
        "12 × cannot parse SMILES:",
        "  line 14: 'C('",
    ]
    assert lines[11:] == [
        "  line 23: 'CCCCCCCCCC('",
        "  and 2 more",
        "1 × empty label:",
        "  line 26: column 'logp'",
        "1 × too many atoms, the limit is 500:",
        f"  line 27: 600 in '{'C' * 60}' ... (600 characters)",
        lines[-2],
        f"Fix the rows, or pass --on-invalid skip, or {KEEP}.",
    ]
    listed = Path(lines[-2].removeprefix("All are listed in "))
    assert listed.parent == fresh_home / "faults"
    rows = listed.read_text().splitlines()
    assert rows[0] == "line\treason\tfound"
    assert rows[12] == "25\tcannot parse SMILES\t'CCCCCCCCCCCC('"
    assert len(rows) == 15


def test_text_after_a_smiles_is_left_out_and_counted(load):
    rows = [*ROWS[:10], ("CCN ethylamine", "1"), ("CCS\tthiol", "2")]
    dataset = load(csv_text(rows))
    assert dataset.smiles[-2:] == ["CCN", "CCS"]
    assert dataset.notes == [
        "text after the SMILES in its cell is left out: 2 rows (first: line 12, 'ethylamine')"
    ]


def test_the_limit_of_atoms_can_be_raised(load):
    rows = [*ROWS, ("C" * 600, "1")]
    assert len(load(csv_text(rows), max_atoms=600)) == 13


@pytest.mark.parametrize("limit", [0, 5001])
def test_a_limit_beyond_what_rdkit_can_write_is_refused(load, limit):
    with pytest.raises(InputError, match=rf"max_atoms is {limit:,}.*1 to 5,000: RDKit"):
        load(csv_text(), max_atoms=limit)


def test_a_semicolon_table_is_read_and_its_decimal_commas_are_told(load):
    rows = csv_text().replace(",", ";")
    assert len(load(rows)) == 12
    expected = r"own\.csv line 3: label has a comma, the decimal sign should be a point: '0,25'"
    with pytest.raises(InputError, match=expected):
        load(rows.replace("0.25", "0,25"))


def test_a_delimiter_given_is_the_one_used(load):
    assert len(load(csv_text().replace(",", "|"), delimiter="|")) == 12
    with pytest.raises(InputError, match=r"delimiter is 'commas'\. It should be one of: comma"):
        load(csv_text(), delimiter="commas")


def test_a_smi_file_needs_no_header(load):
    text = "".join(f"{smiles} {label}\n" for smiles, label in ROWS)
    dataset = load(text, "own.smi", target_column="name")
    assert (dataset.name, dataset.lines[0], len(dataset)) == ("own", 1, 12)


def test_skipped_rows_are_counted_by_reason_alone(load):
    extra = ["c1cc,1", "C',1", "CCO,", "CCO,a b", "CCO,n/a", ",1", "CCO,nan"]
    [note] = load(csv_text(extra=extra), on_invalid="skip").notes
    assert note == (
        "7 rows left out (2 × cannot parse SMILES; 1 × empty label; 2 × label is not a number; "
        "1 × empty SMILES; 1 × label is not finite)"
    )


def test_digits_with_an_underscore_are_no_number(load):
    with pytest.raises(InputError, match="label is not a number: '1_0'"):
        load(csv_text(extra=["CCO,1_0"]))


def test_a_table_without_a_usable_row_is_refused(load):
    expected = (
        r"own\.csv holds no usable row out of 2: 2 rows left out \(1 × cannot parse SMILES; "
        r"1 × empty label\)\."
    )
    with pytest.raises(InputError, match=expected):
        load(csv_text([("c1cc", "1"), ("CCO", "")]), on_invalid="skip")


def test_a_split_file_means_the_same_molecules_after_rows_are_left_out(load, split_file):
    rows = list(ROWS)
    rows[1], rows[9] = ("c1cc", "1"), ("CCO", "")
    dataset = load(csv_text(rows), split_files=[split_file()], on_invalid="skip")
    kept = [smiles for i, (smiles, _) in enumerate(ROWS) if i not in (1, 9)]
    [split] = dataset.splits
    assert smiles_of(dataset, split.train) == kept[:7]
    assert smiles_of(dataset, split.valid) == kept[7:8]
    assert smiles_of(dataset, split.test) == kept[8:]


def test_a_split_column_means_the_same_molecules_after_rows_are_left_out(load):
    rows = [(s, f"{y},{part}") for (s, y), part in zip(ROWS, PARTS_OF_ROWS, strict=True)]
    rows[0] = ("c1cc", "1,train")
    text = csv_text(rows).replace("smiles,logp", "smiles,logp,fold")
    dataset = load(text, split_columns=["fold"], on_invalid="skip")
    assert smiles_of(dataset, dataset.splits[0].test) == [smiles for smiles, _ in ROWS[10:]]


def test_made_splits_cover_what_is_left(load):
    dataset = load(csv_text(extra=["c1cc,1"] * 5), on_invalid="skip")
    for split in dataset.splits:
        assert sorted(np.concatenate(list(split.parts().values()))) == list(range(12))


def test_leaving_out_all_of_a_part_is_refused(load, split_file):
    rows = [*ROWS[:10], ("c1cc", "1"), ("c1cc", "2")]
    with pytest.raises(InputError, match="split mine: the test part is empty"):
        load(csv_text(rows), split_files=[split_file()], on_invalid="skip")


@pytest.mark.parametrize("n", [1, 2, 9])
def test_too_few_rows_to_split_are_refused(load, n):
    with pytest.raises(InputError, match=f"{n} rows are too few"):
        load(csv_text(ROWS[:n]))


def test_a_header_without_rows_is_refused(load):
    with pytest.raises(InputError, match=r"own\.csv has a header but no rows"):
        load("smiles,logp\n")


def test_constant_labels_are_refused(load):
    with pytest.raises(InputError, match="There is nothing to learn from a constant label"):
        load(csv_text([(smiles, "2") for smiles, _ in ROWS]))


def test_a_part_that_a_column_never_names_is_refused(load):
    text = csv_text([(s, f"{y},train") for s, y in ROWS]).replace("logp", "logp,fold")
    with pytest.raises(InputError, match="own, split fold: the valid part is empty"):
        load(text, split_columns=["fold"])


def test_wrong_words_in_a_split_column_are_refused_with_their_lines(load):
    words = [*PARTS_OF_ROWS[:-2], "Test2", "tset"]
    rows = [(s, f"{y},{word}") for (s, y), word in zip(ROWS, words, strict=True)]
    with pytest.raises(InputError) as caught:
        load(csv_text(rows).replace("logp", "logp,fold"), split_columns=["fold"])
    assert str(caught.value) == (
        "own.csv: 2 of 12 rows cannot be used.\n"
        "2 × no part of a split in the column 'fold':\n"
        "  line 12: 'Test2'\n  line 13: 'tset'\n"
        "It should be one of: train, valid, test. Fix the rows."
    )


def test_a_split_file_for_another_table_is_refused(load, split_file):
    with pytest.raises(InputError, match=r"row 11 does not exist; own\.csv has 11 rows"):
        load(csv_text(ROWS[:11]), split_files=[split_file()])


def test_both_split_columns_and_split_files_are_refused(load, split_file):
    text = csv_text([(s, f"{y},train") for s, y in ROWS]).replace("logp", "logp,fold")
    with pytest.raises(InputError, match="both split columns and split files"):
        load(text, split_columns=["fold"], split_files=[split_file()])


def test_two_splits_of_one_name_are_refused(load, split_file, tmp_path):
    (tmp_path / "other").mkdir()
    files = [split_file(), split_file("other/mine.json")]
    with pytest.raises(InputError, match="two splits are called 'mine'"):
        load(csv_text(), split_files=files)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target_column": None}, "own.csv: which column holds the label.*--target-column"),
        ({"target_column": "lgp"}, "unknown column in own.csv: 'lgp'. Did you mean 'logp'"),
        ({"smiles_column": "smile"}, "Did you mean 'smiles'"),
        ({"split_columns": ["fold"]}, "unknown column in own.csv: 'fold'"),
        ({"split_seeds": []}, "no split seed"),
        ({"split_seeds": [-1]}, "-1"),
        ({"split": "scafold"}, "'scafold'.*random, scaffold"),
        ({"on_invalid": "ignore"}, "'ignore'.*error, skip"),
    ],
)
def test_a_wrong_option_is_refused_naming_it(load, options, message):
    with pytest.raises(InputError, match=message):
        load(csv_text(), **options)


@pytest.mark.parametrize(
    ("name", "near"), [("lipo", "lipop"), ("ESOL", "esol"), ("computed_logp", "computed-logp")]
)
def test_an_unknown_dataset_suggests_the_nearest(name, near):
    with pytest.raises(InputError) as caught:
        load_dataset(name)
    assert f"unknown dataset {name!r}. Did you mean {near!r}?" in str(caught.value)
    assert "give the path of a CSV" in str(caught.value)


def test_a_table_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"none\.csv is not a file"):
        load_dataset(str(tmp_path / "none.csv"), target_column="logp")


def test_test_molecules_that_are_also_in_train_are_counted_however_they_are_spelt(load, split_file):
    rows = list(ROWS)
    rows[0], rows[1] = ("Cc1ccccc1", "0"), ("CCCN", "1")
    rows[10], rows[11] = ("C1=CC=CC=C1C", "0"), ("NCCC", "1")
    [note] = load(csv_text(rows), split_files=[split_file()]).notes
    assert note == "molecules that are in two parts of a split: train and test 2 in split mine"


def test_repeated_molecules_are_counted_between_all_pairs_of_parts(load, split_file):
    rows = [*ROWS[:6], ("CCCN", "1"), ("CCN", "1"), ("NCCC", "1"), ("CCS", "3"), ("SCC", "1")]
    rows.append(("C(C)N", "2"))
    [note] = load(csv_text(rows), split_files=[split_file()]).notes
    assert note == (
        "molecules that are in two parts of a split: train and valid 1 in split mine, train and "
        "test 1 in split mine, valid and test 1 in split mine"
    )


def test_twins_that_differ_in_stereo_alone_are_counted_apart(load, split_file):
    rows = list(ROWS)
    rows[0], rows[8] = ("C[C@H](O)F", "0"), ("C[C@@H](O)F", "1")
    rows[10], rows[11] = ("CC(O)F", "0"), ("C[C@H](O)F", "1")
    [note] = load(csv_text(rows), split_files=[split_file()]).notes
    assert note == (
        "molecules that are in two parts of a split: train and test 1 in split mine; "
        "molecules of which another stereoisomer is in an earlier part: train and valid 1 in "
        "split mine, train and test 1 in split mine, valid and test 2 in split mine"
    )


def test_isotopes_are_no_stereo(load, split_file):
    rows = list(ROWS)
    rows[0], rows[10] = ("[2H]CN", "0"), ("CN", "0")
    assert load(csv_text(rows), split_files=[split_file()]).notes == []


def test_identical_splits_are_said_to_mean_nothing(load, split_file):
    files = [split_file("a.json"), split_file("b.json")]
    [note] = load(csv_text(), split_files=files).notes
    assert note == "splits a, b are identical: a spread over them means nothing"


def test_the_builtin_dataset_loads_without_any_file_of_a_user():
    dataset = load_dataset("computed-logp", offline=True)
    assert len(dataset) == len(set(dataset.smiles)) == 2400
    assert [split.name for split in dataset.splits] == ["0", "1", "2"]
    assert any("computed, not measured" in note for note in dataset.notes)


def test_all_stands_for_the_papers_three_datasets():
    assert expand_datasets("all") == ["esol", "freesolv", "lipop"]
    assert expand_datasets("own.csv") == ["own.csv"]


def test_a_dataset_that_cannot_be_had_offline_says_what_to_do(fresh_home):
    with pytest.raises(DownloadError, match="--mirror"):
        load_dataset("esol", offline=True)


GOLDEN = {
    "esol": ("ESOL", "measured log solubility in mols per litre", (902, 113, 113)),
    "freesolv": ("FreeSolv", "expt", (513, 64, 65)),
    "lipop": ("Lipop", "exp", (3360, 420, 420)),
}


@pytest.fixture(scope="module")
def chembench(mirror):
    """Load a ChemBench dataset from the mirror, once."""
    loaded = {}

    def load(name):
        if name not in loaded:
            loaded[name] = load_dataset(name, mirror=str(mirror), offline=True)
        return loaded[name]

    return load


def rows_of(mirror, folder):
    with gzip.open(mirror / f"chembench/{folder}/{folder}.csv.gz", "rt", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", GOLDEN)
def test_row_i_of_a_chembench_dataset_is_row_i_of_its_table(chembench, mirror, name):
    folder, column, _ = GOLDEN[name]
    rows, dataset = rows_of(mirror, folder), chembench(name)
    assert dataset.smiles == [row["smiles"].strip() for row in rows]
    assert dataset.labels.tolist() == [float(row[column]) for row in rows]


@pytest.mark.parametrize("name", GOLDEN)
def test_chembenchs_splits_are_in_order_of_their_seeds(chembench, name):
    dataset = chembench(name)
    assert [split.name for split in dataset.splits] == ["122", "123", "124"]
    for split in dataset.splits:
        assert tuple(map(len, split.parts().values())) == GOLDEN[name][2]


@pytest.mark.parametrize("name", GOLDEN)
def test_every_chembench_split_is_the_file_of_its_seed(chembench, mirror, name):
    folder = GOLDEN[name][0]
    for split in chembench(name).splits:
        path = mirror / f"chembench/{folder}/{folder}.random{split.name}.ind.pkl"
        for rows, expected in zip(split.parts().values(), read_split_pickle(path), strict=True):
            assert rows.tolist() == expected.tolist()


def test_esols_repeated_molecules_are_counted(chembench):
    dataset = chembench("esol")
    canonical = [Chem.CanonSmiles(smiles) for smiles in dataset.smiles]
    counts = []
    for split in dataset.splits:
        train = {canonical[row] for row in split.train}
        counts.append(sum(canonical[row] in train for row in split.test))
    assert any(counts)
    expected = ", ".join(
        f"{n} in split {s.name}" for n, s in zip(counts, dataset.splits, strict=True)
    )
    [note] = [note for note in dataset.notes if "two parts" in note]
    assert f"train and test {expected}" in note


def test_lipops_stereo_twins_are_counted(chembench):
    [note] = chembench("lipop").notes
    counted = re.search(r"stereoisomer.*train and test ((\d+ in split 12\d(, )?){3})", note)
    counts = [int(n) for n in re.findall(r"(\d+) in split", counted[1])]
    assert (min(counts), max(counts)) == (14, 19)


@pytest.mark.parametrize("name", ["bace", "bbbp"])
def test_bace_and_bbbp_say_that_their_splits_are_identical(chembench, name):
    dataset = chembench(name)
    assert len({split.sha256 for split in dataset.splits}) == 1
    assert "splits 122, 123, 124 are identical: a spread over them means nothing" in dataset.notes
    assert set(dataset.labels) == {0.0, 1.0}


@pytest.mark.parametrize("name", GOLDEN)
def test_the_papers_splits_are_not_identical(chembench, name):
    assert not any("identical" in note for note in chembench(name).notes)


def test_units_are_those_of_the_measurements(chembench):
    units = {name: chembench(name).unit for name in GOLDEN}
    assert units == {"esol": "log10 mol/L", "freesolv": "kcal/mol", "lipop": "log10"}
