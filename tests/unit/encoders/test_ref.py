import shutil
from pathlib import Path

import numpy as np
import pytest

from w2s_mol import load_encoder
from w2s_mol.encoders import ref as module
from w2s_mol.encoders.fixed import MorganEncoder
from w2s_mol.encoders.loading import find_encoder
from w2s_mol.encoders.ref import EncoderFolder, OpenRef
from w2s_mol.errors import W2SMolError
from w2s_mol.items.molecules import Molecules

KNOWN = ("name", "fingerprint", "poolings", "hidden", "precision", "items", "notes", "revision",
         "metadata", "reading", "arithmetic")  # fmt: skip


@pytest.fixture
def opened(fresh_home: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the folders that are opened, as they are."""
    names: list[str] = []
    plain = EncoderFolder.open

    def counted(self: EncoderFolder):
        names.append(self.name)
        return plain(self)

    monkeypatch.setattr(EncoderFolder, "open", counted)
    return names


@pytest.mark.parametrize("name", ["tiny", "weak-h8-s0", "ecfp", "rdkit2d", "random-h8-s0"])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_what_is_known_of_an_encoder_is_what_it_says_once_open(
    tiny_encoder_folder: Path, name: str, precision: str
) -> None:
    asked = str(tiny_encoder_folder) if name == "tiny" else name
    for _ in range(2):
        ref = find_encoder(asked, "cpu", precision=precision)  # type: ignore[arg-type]
        encoder = ref.open()
        assert ref.asked == asked
        assert ref.place == "cpu"
        for what in KNOWN:
            assert getattr(ref, what) == getattr(encoder, what), what


def test_a_folder_is_opened_once_to_know_what_it_is(
    opened: list[str], tiny_encoder_folder: Path
) -> None:
    first = find_encoder(str(tiny_encoder_folder))
    assert opened == ["tiny"]
    second = find_encoder(str(tiny_encoder_folder))
    assert opened == ["tiny"]
    for what in KNOWN:
        assert getattr(first, what) == getattr(second, what), what


def test_the_same_content_elsewhere_is_known(
    opened: list[str], tiny_encoder_folder: Path, tmp_path: Path
) -> None:
    first = find_encoder(str(tiny_encoder_folder))
    copy = shutil.copytree(tiny_encoder_folder, tmp_path / "copy")
    second = find_encoder(str(copy))
    assert len(opened) == 1
    assert second.fingerprint == first.fingerprint
    assert (first.name, second.name) == ("tiny", "copy")


def test_another_content_precision_or_limit_is_found_out(
    opened: list[str], tiny_encoder_folder: Path, tmp_path: Path
) -> None:
    find_encoder(str(tiny_encoder_folder))
    find_encoder(str(tiny_encoder_folder), precision="bf16")
    find_encoder(str(tiny_encoder_folder), max_tokens=9)
    copy = Path(shutil.copytree(tiny_encoder_folder, tmp_path / "copy"))
    (copy / "more.txt").write_text("another file")
    find_encoder(str(copy))
    assert len(opened) == 4


def test_another_version_of_torch_opens_it_again(
    opened: list[str], tiny_encoder_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = find_encoder(str(tiny_encoder_folder), "cpu")
    plain = module.versions
    monkeypatch.setattr(module, "versions", lambda *names: {**plain(*names), "torch": "99.0"})
    newer = find_encoder(str(tiny_encoder_folder), "cpu")
    assert len(opened) == 2
    assert newer.fingerprint == ref.fingerprint
    assert newer.arithmetic == {**plain(*module.COMPUTED_WITH), "torch": "99.0", "device": "cpu"}


def test_facts_that_were_damaged_are_found_out_again(
    opened: list[str], tiny_encoder_folder: Path, fresh_home: Path
) -> None:
    first = find_encoder(str(tiny_encoder_folder))
    [facts] = (fresh_home / "facts").rglob("facts.json")
    facts.write_text("{}")
    assert find_encoder(str(tiny_encoder_folder)).poolings == first.poolings
    assert len(opened) == 2


def test_the_limit_of_atoms_is_handed_on(tiny_encoder_folder: Path) -> None:
    for name in ("ecfp", str(tiny_encoder_folder)):
        ref = find_encoder(name)
        ref.items = Molecules(2)
        assert ref.open().embed(["CC", "CCO"]).valid.tolist() == [True, False]


def test_what_is_open_is_the_encoder_itself() -> None:
    encoder = MorganEncoder()
    ref = OpenRef(encoder, "mine")
    assert ref.open() is encoder
    assert (ref.asked, ref.name) == ("mine", "ecfp")


def test_vectors_are_those_of_the_folder_at_first_and_later(
    opened: list[str], tiny_encoder_folder: Path
) -> None:
    first, second = (load_encoder(str(tiny_encoder_folder)).embed(["CCO"]) for _ in range(2))
    np.testing.assert_array_equal(first.embeddings, second.embeddings)


def test_loading_an_encoder_opens_its_weights_once(
    opened: list[str], tiny_encoder_folder: Path
) -> None:
    load_encoder(str(tiny_encoder_folder))
    assert opened == ["tiny"]


def test_a_folder_that_changes_once_it_is_found_is_not_opened(
    tiny_encoder_folder: Path, tmp_path: Path
) -> None:
    """Its vectors would be kept as those of what it was."""
    copy = Path(shutil.copytree(tiny_encoder_folder, tmp_path / "copy"))
    ref = find_encoder(str(copy))
    (copy / "more.txt").write_text("another file")
    with pytest.raises(W2SMolError, match="changed while it was in use"):
        ref.open()


def test_what_an_encoder_is_called_from_anywhere(
    tiny_encoder_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(tiny_encoder_folder, tmp_path / "mine")
    (tmp_path / "ecfp").mkdir()
    monkeypatch.chdir(tmp_path)
    assert find_encoder("mine").address == str(tmp_path / "mine")
    assert find_encoder("hf:mine").address == f"hf:{tmp_path / 'mine'}"
    assert find_encoder("ecfp").address == "ecfp"
    assert find_encoder("weak-h8-s0").address == "weak-h8-s0"
