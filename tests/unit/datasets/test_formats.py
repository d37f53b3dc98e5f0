from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import sqlite3
import zipfile

import pandas as pd
import pyarrow as pa
import pytest

from w2s_mol.datasets.table import open_table
from w2s_mol.errors import InputError

TEXT = b"smiles,logp\nCCO,-0.3\nc1ccccc1,2.1\n"
ROWS = [(2, ["CCO", "-0.3"]), (3, ["c1ccccc1", "2.1"])]
FRAME = pd.DataFrame({"smiles": ["CCO", None], "logp": [-0.3, 2.0], "n": [1, 2], "l": [[1], [2]]})


def read(path, **options):
    with open_table(path, **options) as table:
        return table.header, [(row.place, row.fields) for row in table.rows], table.word


def parquet():
    file = io.BytesIO()
    FRAME.to_parquet(file)
    return file.getvalue()


def feather():
    file = io.BytesIO()
    FRAME.to_feather(file)
    return file.getvalue()


def zipped():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("own.csv", TEXT)
    return file.getvalue()


def sqlite(folder):
    base = sqlite3.connect(folder / "base.db")
    base.execute("create table t (smiles)")
    base.commit()
    base.close()
    return (folder / "base.db").read_bytes()


COMPRESS = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": lambda data: pa.compress(data, "zstd", asbytes=True),
}
BINARY = {
    "Parquet": parquet,
    "Feather": feather,
    "zip": zipped,
    "gzip": lambda: gzip.compress(TEXT),
    "bzip2": lambda: bz2.compress(TEXT),
    "xz": lambda: lzma.compress(TEXT),
    "zstd": lambda: COMPRESS[".zst"](TEXT),
    "pickle": lambda: pickle.dumps([1, 2]),
    "old Excel": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500),
    "HDF5": lambda: b"\x89HDF\r\n\x1a\n" + bytes(500),
    "not text": lambda: b"\x93NUMPY\x01\x00v\x00" + bytes(range(256)),
}


@pytest.mark.parametrize("suffix", [".csv", ".txt", ".CSV"])
@pytest.mark.parametrize("compression", COMPRESS)
def test_text_is_read_in_any_compression(write, suffix, compression):
    path = write(f"own{suffix}{compression}", COMPRESS[compression](TEXT))
    assert read(path) == (["smiles", "logp"], ROWS, "line")


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".tab", ".txt"])
@pytest.mark.parametrize("sign", [b",", b";", b"\t"])
def test_the_delimiter_is_found_whatever_the_suffix(write, suffix, sign):
    path = write(f"own{suffix}", TEXT.replace(b",", sign))
    assert read(path)[:2] == (["smiles", "logp"], ROWS)


def test_columns_may_be_parted_by_blanks(write):
    path = write("own.txt", "smiles   name\nCCO\tthe alcohol\n  CC |x| \nC\n")
    with open_table(path, "blank") as table:
        rows = list(table.rows)
    assert [row.fields for row in rows] == [["CCO", "the alcohol"], ["CC |x|"], ["C"]]
    assert [str(row.fault) for row in rows[1:]] == [
        "another number of fields, expected 2 as in the header: 1 fields"
    ] * 2


def test_an_unknown_column_says_at_what_columns_were_parted(write):
    with (
        open_table(write("own.csv", "smiles|y\nC|1\n")) as table,
        pytest.raises(InputError, match=r"parted at each comma; --delimiter gives another"),
    ):
        table.column("smiles")


@pytest.mark.parametrize("kind", BINARY)
@pytest.mark.parametrize("name", ["own.csv", "own.smi"])
def test_a_binary_file_under_a_texts_name_is_told_what_it_is(write, kind, name):
    with pytest.raises(InputError) as caught:
        read(write(name, BINARY[kind]()))
    assert f"{name} is not text" in str(caught.value)
    assert kind in str(caught.value)
    assert "UTF" not in str(caught.value)


def test_a_database_under_a_texts_name_is_told_what_it_is(write, tmp_path):
    with pytest.raises(InputError, match=r"is not text but an SQLite database\. Export"):
        read(write("own.csv", sqlite(tmp_path)))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("own.xls", "own.xls is an Excel workbook of before 2007, which is not read"),
        ("own.feather", "own.feather is a Feather file"),
        ("own.json", "own.json is JSON"),
        ("own.pkl", "own.pkl is a pickle"),
        ("own.h5", "own.h5 is an HDF5 file"),
        ("own.dat", "own.dat has the suffix '.dat'"),
        ("own.dat.gz", "own.dat.gz has the suffix '.dat'"),
        ("own", "own has no suffix"),
        ("own.parquet.gz", "own.parquet.gz is compressed. Decompress it"),
    ],
)
def test_what_is_not_read_is_refused_by_name(write, name, message):
    with pytest.raises(InputError) as caught:
        read(write(name, TEXT))
    assert str(caught.value).startswith(message)


def test_parquet_is_read_by_row_without_its_lists(write):
    header, rows, word = read(write("own.parquet", parquet()))
    assert header == ["smiles", "logp", "n"]
    assert rows == [(1, ["CCO", "-0.3", "1"]), (2, ["", "2.0", "2"])]
    assert word == "row"


@pytest.mark.parametrize("name", ["own.parquet", "own.xlsx", "own.sdf"])
def test_what_is_not_what_its_name_says_is_refused(write, name):
    with pytest.raises(InputError, match=name):
        read(write(name, TEXT))


def test_a_delimiter_for_what_has_none_is_refused(write):
    with pytest.raises(InputError, match=r"own\.parquet has no delimiter"):
        read(write("own.parquet", parquet()), delimiter=",")


def test_the_first_sheet_of_a_workbook_is_read_by_row(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append([])
    for cells in (["smiles", "y", None], ["CCO", 0.25, None], [None, None], ["CCN", 3, "aside"]):
        book.active.append(cells)
    book.create_sheet("other").append(["nothing"])
    book.save(tmp_path / "own.xlsx")
    header, rows, word = read(tmp_path / "own.xlsx")
    assert (header, word) == (["smiles", "y"], "row")
    assert [fields for _, fields in rows] == [["CCO", "0.25"], ["CCN", "3"]]
    assert rows[1][0] - rows[0][0] == 2  # a blank row is no row and still counts


def test_a_workbook_whose_sheet_is_damaged_is_refused(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for number in range(3000):
        book.active.append([f"C{number}", number * 1.1])
    book.save(tmp_path / "whole.xlsx")
    with zipfile.ZipFile(tmp_path / "whole.xlsx") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"][:50_000]
    with zipfile.ZipFile(tmp_path / "own.xlsx", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    with pytest.raises(InputError, match=r"cannot read .*own\.xlsx as a workbook"):
        read(tmp_path / "own.xlsx")


def test_a_workbook_where_nothing_reads_them_says_what_to_install(write, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    with pytest.raises(InputError, match=r"pip install 'w2s-mol\[excel\]'"):
        read(write("own.xlsx", b""))


@pytest.mark.parametrize(
    ("text", "header", "rows"),
    [
        ("CCO\nCC\n", ["smiles", "name"], [["CCO", ""], ["CC", ""]]),
        ("CCO a b\nCC\n", ["smiles", "name", "column 3"], [["CCO", "a", "b"], ["CC", "", ""]]),
        ("CCO a\nCC b c\n", ["smiles", "name"], [["CCO", "a"], ["CC", "b c"]]),
        ("CCO\ta b\nCC\tc\n", ["smiles", "name"], [["CCO", "a b"], ["CC", "c"]]),
        ("SMILES Name \nCC c\n", ["SMILES", "Name"], [["CC", "c"]]),
        (
            'C[C@H](O)F |&1:1| a\nC "b\n',
            ["smiles", "name"],
            [["C[C@H](O)F |&1:1|", "a"], ["C", '"b']],
        ),
    ],
)
def test_a_smi_file_has_no_header_but_columns(write, text, header, rows):
    found, read_rows, _ = read(write("own.smi", text))
    assert (found, [fields for _, fields in read_rows]) == (header, rows)


BLOCK = "{name}\n  x\n\n{atoms:3d}{bonds:3d}  0  0  0  0            999 V2000\n{lines}M  END\n"


def record(name, elements, properties, bonds=()):
    lines = "".join(f"    0.0000    0.0000    0.0000 {e:3s} 0  0\n" for e in elements)
    lines += "".join(f"{a:3d}{b:3d}{order:3d}  0\n" for a, b, order in bonds)
    block = BLOCK.format(name=name, atoms=len(elements), bonds=len(bonds), lines=lines)
    data = "".join(f"> <{key}>\n{value}\n\n" for key, value in properties.items())
    return f"{block}{data}$$$$\n"


SDF = (
    record("one", "CCO", {"y": "1.5"}, [(1, 2, 1), (2, 3, 1)])
    + record("two", "OF", {"y": "2"}, [(1, 2, 3)])
    + record("three", ["Xx"], {"y": "2"})
    + record("four", "N", {"y": "3", "note": "a\nb", "smiles": "C"})
)


@pytest.mark.parametrize("compression", ["", ".gz", ".zst"])
def test_an_sd_file_is_read_by_record_as_smiles_and_properties(write, compression):
    data = COMPRESS[compression](SDF.encode()) if compression else SDF
    with open_table(write(f"own.sdf{compression}", data)) as table:
        rows = list(table.rows)
    assert (table.header, table.word) == (["smiles", "y", "note"], "record")
    assert [(row.place, row.fields[0]) for row in rows] == [(1, "CCO"), (2, ""), (3, ""), (4, "N")]
    assert rows[3].fields == ["N", "3", "a\nb"]
    assert [str(row.fault) for row in rows[1:3]] == ["RDKit cannot read the record"] * 2
    assert (rows[0].fault, rows[3].fault) == (None, None)


def test_a_record_of_too_many_atoms_is_never_written_as_smiles(write):
    """RDKit's writer would end the process."""
    n = 20_000
    atoms = "".join(f"M  V30 {i} C 0 0 0 0\n" for i in range(1, n + 1))
    bonds = "".join(f"M  V30 {i} 1 {i} {i + 1}\n" for i in range(1, n))
    huge = (
        "huge\n  x\n\n  0  0  0     0  0            999 V3000\nM  V30 BEGIN CTAB\n"
        f"M  V30 COUNTS {n} {n - 1} 0 0 0\nM  V30 BEGIN ATOM\n{atoms}M  V30 END ATOM\n"
        f"M  V30 BEGIN BOND\n{bonds}M  V30 END BOND\nM  V30 END CTAB\nM  END\n$$$$\n"
    )
    with open_table(write("own.sdf", huge + SDF), max_atoms=2) as table:
        faults = [str(row.fault) for row in table.rows]
    assert faults == [
        "too many atoms, the limit is 2: 20,000",
        "too many atoms, the limit is 2: 3",
        *["RDKit cannot read the record"] * 2,
        "None",
    ]
