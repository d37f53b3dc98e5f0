import json
import shutil
from pathlib import Path

import pytest

from w2s_mol.encoders.folder import METADATA, folder_fingerprint, folder_metadata, folder_revision
from w2s_mol.errors import InputError


@pytest.fixture
def copy(tiny_encoder_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_encoder_folder, tmp_path / "copy"))


def test_a_fingerprint_is_of_all_files_and_how_they_are_read(copy: Path) -> None:
    found = {
        folder_fingerprint(copy, None, "fp32"),
        folder_fingerprint(copy, 128, "fp32"),
        folder_fingerprint(copy, None, "bf16"),
    }
    (copy / "more.txt").write_text("another file")
    found.add(folder_fingerprint(copy, None, "fp32"))
    (copy / "more.txt").rename(copy / "other.txt")
    found.add(folder_fingerprint(copy, None, "fp32"))
    assert len(found) == 5


def test_what_is_told_of_a_folder_and_hidden_files_are_no_content(copy: Path) -> None:
    first = folder_fingerprint(copy, None, "fp32")
    (copy / "README.md").write_text("a longer story")
    (copy / METADATA).write_text('{"seed": 99}')
    (copy / ".cache").write_text("of a tool")
    (copy / "folder").mkdir()
    assert folder_fingerprint(copy, None, "fp32") == first
    renamed = copy.rename(copy.parent / "renamed")
    assert folder_fingerprint(renamed, None, "fp32") == first


def test_how_it_was_made_is_what_its_folder_says(copy: Path) -> None:
    (copy / METADATA).write_text(json.dumps({"seed": 3, "hidden": 8}))
    assert folder_metadata(copy) == {"seed": 3, "hidden": 8}
    (copy / METADATA).unlink()
    assert folder_metadata(copy) == {}


@pytest.mark.parametrize(("text", "says"), [("{", "not JSON"), ("[1]", "holds a list")])
def test_a_folder_that_says_it_unreadably_is_refused(copy: Path, text: str, says: str) -> None:
    (copy / METADATA).write_text(text)
    with pytest.raises(InputError, match=f"{METADATA}.*{says}"):
        folder_metadata(copy)


def test_the_revision_is_that_of_the_hubs_client(tmp_path: Path) -> None:
    assert folder_revision(tmp_path / "models--me--it" / "snapshots" / "0123abc") == "0123abc"
    assert folder_revision(tmp_path / "mine") is None
