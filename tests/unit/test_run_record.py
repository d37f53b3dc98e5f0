import json
from pathlib import Path

import pytest
from fake_run import FakeRun, changed_manifest

from w2s_mol.engine.folder import carry_out
from w2s_mol.errors import InputError
from w2s_mol.progress import silent
from w2s_mol.run_record import read_manifest


def test_no_manifest_is_none(tmp_path: Path) -> None:
    assert read_manifest(tmp_path) is None


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"{}", b"[]", b"3", b"null", b"\xff\xfe", b'{"study": 1}', b"[" * 100_000],
)
def test_a_damaged_manifest_is_a_clear_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(InputError, match=r"manifest\.json cannot be read"):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("config", "dataset"),
        ("config", {"dataset": "esol"}),
        ("finished", "yes"),
        ("study", 7),
        ("kind", []),
        ("notes", {"a": "a note"}),
        ("seconds", "long"),
        ("files", ["results.csv"]),
        ("weak", [{"name": "a", "sha256": None}]),
        ("weak", {"name": "a"}),
        ("sessions", [3]),
        ("datasets", [1]),
    ],
)
def test_a_manifest_whose_field_is_of_another_type_is_a_clear_error(
    tmp_path: Path, field: str, value: object
) -> None:
    carry_out(FakeRun(), tmp_path, silent)
    changed_manifest(tmp_path, **{field: value})
    with pytest.raises(InputError, match=rf"cannot be read: it\['{field}'\].* is a "):
        read_manifest(tmp_path)


def test_a_manifest_that_names_no_kind_is_a_studys(tmp_path: Path) -> None:
    """As version 0.1.0 wrote them."""
    carry_out(FakeRun(), tmp_path, silent)
    path = tmp_path / "manifest.json"
    manifest = json.loads(path.read_text())
    del manifest["kind"]
    path.write_text(json.dumps(manifest))
    assert read_manifest(tmp_path)["kind"] == "study"
    assert not carry_out(FakeRun(), tmp_path, silent).computed
