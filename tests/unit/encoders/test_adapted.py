import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from w2s_mol.encoders import adapted
from w2s_mol.encoders.adapted import Seen, adapted_encoders, marked, seen_by, together, write_seen
from w2s_mol.encoders.folder import METADATA
from w2s_mol.encoders.identity import identity
from w2s_mol.encoders.loading import find_encoder
from w2s_mol.encoders.names import encoder_names, family_of
from w2s_mol.encoders.peers import peer_of
from w2s_mol.errors import InputError
from w2s_mol.housekeeping import items, kinds, remove

HONEST = Seen(False, frozenset({"CCO", "CCN"}))
MARKED = Seen(True, frozenset({"CCO"}))


@pytest.fixture
def keep(fresh_home: Path, tiny_encoder_folder: Path):
    """Keep an adapted encoder under a name; return its folder."""

    def kept(name: str, seen: Seen, **made: object) -> Path:
        folder = Path(shutil.copytree(tiny_encoder_folder, adapted.store() / name))
        write_seen(folder, seen)
        (folder / METADATA).write_text(json.dumps({"adapted": {}, **made}))
        return folder

    return kept


def test_what_was_written_is_read_again(keep) -> None:
    assert seen_by(keep("a", HONEST)) == HONEST
    assert seen_by(keep("b", MARKED)) == MARKED


def test_an_encoder_that_was_not_adapted_has_seen_nothing(tiny_encoder_folder: Path) -> None:
    assert seen_by(tiny_encoder_folder) is None
    assert marked("tiny", tiny_encoder_folder) == "tiny"


def test_an_adapted_encoder_is_known_by_its_name_and_by_its_folder(keep) -> None:
    folder = keep("mine", HONEST)
    by_name, by_path = find_encoder("adapted:mine", "cpu"), find_encoder(folder, "cpu")
    assert by_name.fingerprint == by_path.fingerprint == identity("adapted:mine")
    assert (by_name.name, by_path.name) == ("mine", "mine")
    assert by_name.address == "adapted:mine"
    assert "adapted:mine" in encoder_names()
    assert family_of("adapted:mine") == "adapted"


def test_the_mark_is_in_the_name_whatever_the_folder_is_called(keep, tmp_path: Path) -> None:
    folder = keep("mine", MARKED)
    assert find_encoder("adapted:mine", "cpu").name == "mine (transductive)"
    other = shutil.copytree(folder, tmp_path / "harmless")
    assert find_encoder(other, "cpu").name == "harmless (transductive)"
    assert find_encoder(f"hf:{other}", "cpu").name.endswith(" (transductive)")
    twice = shutil.copytree(folder, tmp_path / "x (transductive)")
    assert find_encoder(twice, "cpu").name == "x (transductive)"


def test_the_list_is_part_of_what_an_encoder_is(keep) -> None:
    folder = keep("mine", HONEST)
    before = identity("adapted:mine")
    write_seen(folder, MARKED)
    assert identity("adapted:mine") != before


def test_a_list_that_is_lost_or_damaged_is_missed(keep) -> None:
    folder = keep("mine", MARKED)
    (folder / adapted.SEEN).write_bytes(b"no Parquet")
    with pytest.raises(InputError, match=r"cannot read .*seen\.parquet"):
        find_encoder("adapted:mine", "cpu")
    (folder / adapted.SEEN).unlink()
    with pytest.raises(InputError, match=r"seen\.parquet is missing, .* adapt the encoder again"):
        find_encoder("adapted:mine", "cpu")


def test_a_table_that_says_nothing_of_the_mark_is_refused(keep) -> None:
    folder = keep("mine", MARKED)
    pq.write_table(pa.table({"molecule": ["CCO"]}), folder / adapted.SEEN)
    with pytest.raises(InputError, match="cannot read"):
        marked("mine", folder)


def test_molecules_written_by_another_rdkit_are_written_anew(
    keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rdkit import rdBase

    with monkeypatch.context() as other:
        other.setattr(rdBase, "rdkitVersion", "1999.03.1")
        folder = keep("mine", Seen(False, frozenset({"OCC", "NCC"})))
    assert seen_by(folder) == HONEST


def test_an_encoder_adapted_twice_has_seen_both_and_keeps_the_mark() -> None:
    assert together([MARKED, HONEST]) == Seen(True, HONEST.molecules | MARKED.molecules)
    assert together([None, HONEST]) == HONEST


def test_an_unknown_name_is_told_the_nearest(keep) -> None:
    with pytest.raises(InputError, match="no adapted encoder is kept"):
        find_encoder("adapted:mine")
    keep("mine", HONEST)
    with pytest.raises(InputError, match="Did you mean 'adapted:mine'"):
        find_encoder("adapted:mien")


def test_peers_are_adapted_alike(keep) -> None:
    keep("a", HONEST, hidden=8, seed=0, transductive=False)
    keep("b", HONEST, hidden=8, seed=1, transductive=False)
    keep("c", MARKED, hidden=8, seed=2, transductive=True)
    assert peer_of("adapted:a") == "adapted:b"
    assert peer_of("adapted:b") == "adapted:a"
    assert peer_of("adapted:c") is None


def test_they_are_kept_by_name_and_can_be_removed(keep) -> None:
    assert "adapted" in kinds()
    folder = keep("mine", HONEST)
    [item] = items("adapted")
    assert item.path == folder
    assert remove(["adapted"], everything=True, now=2e9)["adapted"].entries == 1
    assert adapted_encoders() == {}
