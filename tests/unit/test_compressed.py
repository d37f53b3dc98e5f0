import bz2
import gzip
import lzma
from pathlib import Path

import pyarrow as pa
import pytest

from w2s_mol import compressed

COMPRESS = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": lambda data: pa.compress(data, "zstd", asbytes=True),
}


@pytest.mark.parametrize("suffix", COMPRESS)
def test_a_file_is_read_as_its_suffix_says(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"own.csv{suffix}"
    path.write_bytes(COMPRESS[suffix](b"smiles\nCCO\n" * 1000))
    with compressed.open_bytes(path) as file:
        assert file.read() == b"smiles\nCCO\n" * 1000
    assert compressed.plain(path).name == "own.csv"


@pytest.mark.parametrize("suffix", compressed.SUFFIXES)
def test_what_is_damaged_raises_one_of_the_errors_of_reading(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"own.csv{suffix}"
    whole = COMPRESS[suffix](b"smiles\nCCO\n" * 1000)
    for content in (whole[: len(whole) // 2], b"smiles\nCCO\n"):
        path.write_bytes(content)
        with pytest.raises(compressed.READ_ERRORS), compressed.open_bytes(path) as file:
            file.read()
