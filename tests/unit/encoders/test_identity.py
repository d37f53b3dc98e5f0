import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from w2s_mol import files, load_encoder
from w2s_mol.datasets.sources import get_source, local_path
from w2s_mol.encoders.identity import identity
from w2s_mol.encoders.names import shipped_encoders
from w2s_mol.encoders.random_bert import content_key


@pytest.mark.parametrize("name", ["ecfp", "rdkit2d", "self", "peer"])
def test_what_has_no_files_is_its_name(name: str) -> None:
    assert identity(name) == name


@pytest.mark.parametrize("name", ["python:mine:Encoder", "skfp:ECFP", "hf:me/it", "nothing-such"])
def test_code_that_is_not_ours_and_what_is_elsewhere_have_none(name: str) -> None:
    assert identity(name) is None


def test_of_a_folder_it_is_its_fingerprint(tiny_encoder_folder: Path, tmp_path: Path) -> None:
    found = identity(str(tiny_encoder_folder))
    assert found == load_encoder(str(tiny_encoder_folder)).fingerprint
    copy = Path(shutil.copytree(tiny_encoder_folder, tmp_path / "copy"))
    assert identity(str(copy)) == found
    (copy / "more.txt").write_text("another file")
    assert identity(str(copy)) not in (found, None)


def test_a_shipped_encoder_is_its_folder_unless_there_is_one_of_its_name_here(
    tiny_encoder_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, folder = next(iter(shipped_encoders().items()))
    assert identity(name) == identity(str(folder)) == load_encoder(name).fingerprint
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).symlink_to(tiny_encoder_folder)
    assert identity(name) is None
    assert identity(f"./{name}") == identity(str(tiny_encoder_folder))


def test_a_random_encoder_is_its_name_and_versions_unless_it_is_a_folder(
    tiny_encoder_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert identity("random-h8-s0") == content_key("random-h8-s0")
    assert identity("random-h8-s1") != identity("random-h8-s0")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "random-h8-s0").symlink_to(tiny_encoder_folder)
    assert identity("random-h8-s0") == identity(str(tiny_encoder_folder))


def test_a_file_of_embeddings_is_its_content(tmp_path: Path) -> None:
    path = tmp_path / "vectors.parquet"
    assert identity(f"file:{path}") is None
    path.write_bytes(b"any")
    assert identity(f"file:{path}") == files.sha256_bytes(b"any")


def test_molbert_is_the_archive_that_was_fetched(fresh_home: Path) -> None:
    assert identity("molbert") is None
    archive = local_path(get_source("molbert").files[0])
    archive.parent.mkdir(parents=True)
    archive.write_bytes(b"the archive")
    assert identity("molbert") == files.sha256_bytes(b"the archive")


def test_nothing_heavy_is_imported_for_it(tiny_encoder_folder: Path) -> None:
    script = """
import sys
from w2s_mol.encoders.identity import identity
for name in sys.argv[1:]:
    assert identity(name), name
print(*{"torch", "transformers", "rdkit", "pandas", "pyarrow", "scipy"} & {*sys.modules})
"""
    names = ["weak-h8-s0", "ecfp", "random-h8-s0", str(tiny_encoder_folder)]
    done = subprocess.run(
        [sys.executable, "-c", script, *names], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""
