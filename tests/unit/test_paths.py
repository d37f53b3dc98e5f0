"""Where the tool keeps things, and where it finds what it ships."""

from __future__ import annotations

from pathlib import Path

import pytest

from w2s_mol import paths


def test_the_users_home_may_be_written_with_a_tilde(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("W2S_MOL_HOME", "~/kept")
    assert paths.home() == tmp_path / "kept"


def test_without_one_it_is_the_users_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("W2S_MOL_HOME", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert paths.home().name == "w2s-mol"
    assert paths.home().is_relative_to(tmp_path)


@pytest.mark.parametrize(("given", "found"), [("", None), ("/data", "/data")])
def test_an_empty_mirror_is_none(
    monkeypatch: pytest.MonkeyPatch, given: str, found: str | None
) -> None:
    monkeypatch.setenv("W2S_MOL_MIRROR", given)
    assert paths.mirror() == found


def test_what_is_shipped_lies_in_the_package_of_a_wheel_and_beside_it_in_a_checkout(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    package = tmp_path / "w2s_mol"
    monkeypatch.setattr(paths, "PACKAGE", package)
    assert paths.shipped("data") == tmp_path / "data"
    inside = package / "_shipped" / "data"
    inside.mkdir(parents=True)
    assert paths.shipped("data") == inside
    assert paths.shipped("checkpoints") == tmp_path / "checkpoints"
