import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from w2s_mol import load_encoder
from w2s_mol.crews.named import Asked
from w2s_mol.datasets.builtin import generate
from w2s_mol.errors import InputError
from w2s_mol.items.molecules import Molecules
from w2s_mol.shards.embedding import Loading, embed_table
from w2s_mol.shards.output import How


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    path.write_text("id,smiles\n1,CCO\n2,broken\n3,c1ccccc1\n4,CCO\n5,CCN\n")
    return path


def test_rows_keep_their_order_over_shards(csv: Path, tmp_path: Path) -> None:
    encoder = load_encoder("ecfp")
    done = embed_table(csv, encoder, tmp_path / "out.parquet", how=How(size=2))
    assert (done.rows, done.valid) == (5, 4)
    written = pq.read_table(tmp_path / "out.parquet").to_pandas()
    smiles = ["CCO", "broken", "c1ccccc1", "CCO", "CCN"]
    assert written["smiles"].tolist() == smiles
    expected = encoder.embed(smiles)
    assert written["valid"].tolist() == expected.valid.tolist()
    np.testing.assert_array_equal(np.stack(written["embedding"]), expected.embeddings)


def test_embeddings_are_fixed_size_lists_of_float32(csv: Path, tmp_path: Path) -> None:
    embed_table(csv, load_encoder("ecfp"), tmp_path / "out.parquet")
    schema = pq.read_schema(tmp_path / "out.parquet")
    assert str(schema.field("embedding").type) == "fixed_size_list<element: float>[2048]"
    assert schema.metadata[b"encoder"] == b"ecfp"


def test_a_failure_leaves_no_output(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("smiles,b\nCCO,1\nCCN\nCCO,2\nCC\n")
    with pytest.raises(InputError, match=r"in\.csv: 2 of 4 rows.*\n.*\n  line 3.*\n  line 5"):
        embed_table(tmp_path / "in.csv", load_encoder("ecfp"), tmp_path / "out.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_cells_are_read_as_every_encoder_reads_them(tmp_path: Path) -> None:
    """RDKit's writer would end the process at 20,000 atoms."""
    cells = ["CCO alcohol", "C" * 20_000, "CC\u00d3", "C[C@H](O)F |&1:1|", "C" * 501]
    (tmp_path / "in.csv").write_text("\n".join(["smiles", *cells]))
    done = embed_table(tmp_path / "in.csv", load_encoder("ecfp"), tmp_path / "out.parquet")
    assert (done.rows, done.valid) == (5, 1)
    assert pq.read_table(tmp_path / "out.parquet")["smiles"].to_pylist() == cells
    encoder = load_encoder("ecfp")
    encoder.items = Molecules(501)
    assert embed_table(tmp_path / "in.csv", encoder, tmp_path / "out.parquet").valid == 2


def test_a_delimiter_can_be_given(tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("id smiles\n1 CCO\n2 CCN\n")
    encoder = load_encoder("ecfp")
    done = embed_table(tmp_path / "in.txt", encoder, tmp_path / "o.parquet", delimiter="blank")
    assert (done.rows, done.valid) == (2, 2)


def test_a_record_that_rdkit_cannot_read_is_an_invalid_row(tmp_path: Path) -> None:
    block = (
        "\n  x\n\n  1  0  0  0  0  0            999 V2000\n"
        "    0.0       0.0       0.0    {}  0\nM  END\n$$$$\n"
    )
    (tmp_path / "in.sdf").write_text(block.format("C ") + block.format("Xx") + block.format("N "))
    embed_table(tmp_path / "in.sdf", load_encoder("ecfp"), tmp_path / "out.parquet")
    written = pq.read_table(tmp_path / "out.parquet")
    assert written["smiles"].to_pylist() == ["C", "", "N"]
    assert written["valid"].to_pylist() == [True, False, True]


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """Ten times the rows may not cost more than a shard's worth of memory."""
    script = """
import resource, sys
from pathlib import Path
from w2s_mol import load_encoder
from w2s_mol.shards.embedding import Loading, embed_table
from w2s_mol.shards.output import How
embed_table(Path(sys.argv[1]), load_encoder("ecfp"), Path(sys.argv[2]), how=How(size=500))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    peaks = []
    for rows in (1_000, 20_000):
        (tmp_path / "in.csv").write_text("smiles\n" + "CCO\n" * rows)
        done = subprocess.run(
            [sys.executable, "-c", script, tmp_path / "in.csv", tmp_path / "out.parquet"],
            capture_output=True,
            text=True,
            check=True,
        )
        peaks.append(int(done.stdout) / 1024)
    # All 20,000 vectors together would take 160 MB.
    assert peaks[1] - peaks[0] < 60


@pytest.mark.slow
def test_what_other_processes_read_makes_the_same(tmp_path: Path) -> None:
    """As where one process has a GPU, and others tokenise for it."""
    rows = [smiles for smiles, _ in generate(70)]
    (tmp_path / "in.csv").write_text("\n".join(["smiles", *rows, "broken", rows[0], ""]))
    loading = Loading("weak-h8-s0", "cpu", "fp32", None, True, Molecules())
    for name, asked in {"alone": Asked(), "read": Asked(readers=2)}.items():
        done = embed_table(
            tmp_path / "in.csv", loading.load(), tmp_path / name, how=How(asked, size=20),
            loading=loading,
        )  # fmt: skip
        assert (done.rows, done.valid) == (72, 71)
    for part in (tmp_path / "alone").glob("part-*"):
        assert part.read_bytes() == (tmp_path / "read" / part.name).read_bytes()
