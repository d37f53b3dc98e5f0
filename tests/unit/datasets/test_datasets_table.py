from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from w2s_mol.datasets.table import open_table
from w2s_mol.errors import InputError

TEXT = "smiles,logp\nCCO,-0.3\nc1ccccc1,2.1\n"
ROWS = [(2, ["CCO", "-0.3"]), (3, ["c1ccccc1", "2.1"])]
UNREADABLE = Path("/proc/self/mem")


def read(path):
    with open_table(path) as table:
        return table.header, [(row.place, row.fields) for row in table.rows]


def faults(path):
    with open_table(path) as table:
        return [str(row.fault) for row in table.rows if row.fault], table.word


@pytest.fixture
def refusal(write):
    """The message that refuses a table of this content."""

    def message(content, name="own.csv"):
        with pytest.raises(InputError) as caught:
            read(write(name, content))
        return str(caught.value)

    return message


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16"], ids=["UTF-8", "UTF-8 with BOM", "UTF-16"]
)
def test_any_line_ends_and_any_marked_unicode_are_read(write, encoding, end):
    path = write("own.csv", TEXT.replace("\n", end).encode(encoding))
    assert read(path) == (["smiles", "logp"], ROWS)


def test_big_endian_utf16_is_read(write):
    assert read(write("own.csv", b"\xfe\xff" + TEXT.encode("utf-16-be")))[1] == ROWS


def test_a_table_may_be_tab_separated(write):
    assert read(write("own.tsv", TEXT.replace(",", "\t"))) == (["smiles", "logp"], ROWS)


@pytest.mark.parametrize(("name", "text"), [("a.csv.gz", TEXT), ("a.tsv.gz", "smiles\tlogp\n")])
def test_a_table_may_be_compressed(write, name, text):
    header, _ = read(write(name, gzip.compress(text.encode())))
    assert header == ["smiles", "logp"]


def test_a_last_line_needs_no_line_end(write):
    assert read(write("own.csv", TEXT.rstrip("\n")))[1] == ROWS


def test_blank_lines_are_no_rows_and_still_count(write):
    path = write("own.csv", "\nsmiles,logp\n\nCCO,-0.3\n\n\nC,1\n\n")
    assert read(path) == (["smiles", "logp"], [(4, ["CCO", "-0.3"]), (7, ["C", "1"])])


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_quoted_field_with_newlines_keeps_the_line_numbers_right(write, end):
    text = 'smiles,logp\nCCO,"two\nlines"\nC,"say ""hi"", then\n\ngo"\nN,1\n'
    _, rows = read(write("own.csv", text.replace("\n", end).encode()))
    assert [line for line, _ in rows] == [2, 4, 7]
    assert rows[1][1] == ["C", f'say "hi", then{end}{end}go']


def test_a_faulty_row_after_a_quoted_newline_stands_on_its_own_line(write):
    with open_table(write("own.csv", 'smiles,logp\nCCO,"two\nlines"\nC\n')) as table:
        [fault] = [row.fault for row in table.rows if row.fault]
    assert fault.place == 4


@pytest.mark.parametrize(("row", "found"), [("C", 1), ("C,1,2", 3), ("   ", 1)])
def test_another_number_of_fields_than_the_header_is_a_fault_and_reading_goes_on(write, row, found):
    path = write("own.csv", f"smiles,logp\nCCO,1\n{row}\nCCN,1\n")
    expected = f"another number of fields, expected 2 as in the header: {found} fields"
    assert faults(path) == ([expected], "line")
    assert read(path)[1][-1] == (4, ["CCN", "1"])


def test_an_unbalanced_quote_is_refused_under_the_line_it_begins_on(refusal):
    assert "own.csv line 3: " in refusal('smiles,logp\nCCO,1\n"C,2\nN,3\n')


def test_text_after_a_closing_quote_is_refused(refusal):
    assert "own.csv line 2: " in refusal('smiles,logp\n"C"CO,1\n')


def test_latin_1_is_refused_naming_the_byte_and_the_way_out(refusal):
    message = refusal("smiles,naïve\nCCO,1\n".encode("latin-1"))
    assert "own.csv is not UTF-8: byte 0xef" in message
    assert "iconv" in message


def test_latin_1_far_down_is_refused_too(refusal):
    text = "smiles,name\n" + "CCO,plain\n" * 50_000 + "CCO,café\n"
    assert "byte 0xe9" in refusal(text.encode("latin-1"))


def test_utf16_cut_in_the_middle_of_a_character_is_refused(refusal):
    assert "own.csv" in refusal(TEXT.encode("utf-16")[:-1])


def test_utf16_without_a_mark_is_refused_as_an_encoding(refusal):
    message = refusal(TEXT.encode("utf-16-le"))
    assert "own.csv line 1" in message
    assert "NUL" in message


def test_a_nul_in_a_row_is_refused_with_its_line(refusal):
    message = refusal("smiles,name\nCCO,a\nC,b\0c\n")
    assert "own.csv line 3" in message
    assert "NUL" in message


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(refusal, content):
    assert "own.csv is empty" in refusal(content)


def test_a_header_alone_has_no_rows(write):
    assert read(write("own.csv", "smiles,logp\n")) == (["smiles", "logp"], [])


def test_a_truncated_gz_is_refused(refusal, content):
    whole = gzip.compress(b"smiles\n" + content[:10_000].hex().encode() + b"\n")
    assert "cannot read" in refusal(whole[: len(whole) // 2], "own.csv.gz")


def test_a_damaged_gz_is_refused(refusal, content):
    damaged = bytearray(gzip.compress(b"smiles\n" + content[:10_000].hex().encode() + b"\n"))
    damaged[40:80] = b"\xff" * 40
    assert "cannot read" in refusal(bytes(damaged), "own.csv.gz")


def test_a_gz_that_is_none_is_refused(refusal):
    assert "cannot read" in refusal(TEXT, "own.csv.gz")


def test_a_field_without_end_is_refused(refusal):
    assert "own.csv line 2: " in refusal("smiles\n" + "C" * 10_000_001 + "\n")


@pytest.mark.parametrize("name", ["none.csv", "."])
def test_a_table_that_is_no_file_is_refused(tmp_path, name):
    with pytest.raises(InputError, match=r"is not a file\. Give a CSV"):
        read(tmp_path / name)


@pytest.mark.skipif(not UNREADABLE.exists(), reason="needs a file that root cannot read")
def test_an_unreadable_table_is_refused(tmp_path):
    (tmp_path / "own.csv").symlink_to(UNREADABLE)
    with pytest.raises(InputError, match=r"cannot read .*own\.csv"):
        read(tmp_path / "own.csv")


def column(path, name):
    with open_table(path) as table:
        return table.column(name)


def test_a_column_is_found_by_name_whatever_its_case_and_blanks(write):
    path = write("own.csv", "id, SMILES ,logP,logp\n")
    assert [column(path, name) for name in ("SMILES", "smiles", "logP", "logp")] == [1, 1, 2, 3]


def test_a_missing_column_is_an_error_that_suggests_the_nearest_and_lists_all(write):
    path = write("own.csv", "id,smiles,solubility\n")
    with pytest.raises(InputError) as caught:
        column(path, "solubilty")
    message = str(caught.value)
    assert "own.csv" in message
    assert "'solubilty'" in message
    assert "Did you mean 'solubility'?" in message
    assert "id, smiles, solubility" in message


def test_the_nearest_column_is_suggested_whatever_its_case(write):
    with pytest.raises(InputError, match=r"Did you mean 'SMILES'\?"):
        column(write("own.csv", "ID,SMILES,LOGP\n"), "SMILE")


@pytest.mark.parametrize("name", ["logp", "LOGP"])
def test_a_column_that_is_there_twice_is_refused(write, name):
    with pytest.raises(InputError, match="logp"):
        column(write("own.csv", "smiles,logp,logp\n"), name)
