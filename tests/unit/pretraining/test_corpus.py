import bz2
import gzip
import io
import json
import lzma
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from rdkit import Chem

from w2s_mol.errors import InputError, W2SMolError
from w2s_mol.kept import SEAL
from w2s_mol.molecules.descriptors import normalized_descriptors
from w2s_mol.molecules.vocabulary import TOKENS
from w2s_mol.pretraining import shard_pool, shards
from w2s_mol.pretraining.corpus import CorpusSettings, hold_out, prepare_corpus
from w2s_mol.pretraining.shards import Preparation

SMILES = ["CCO", "c1ccccc1O", "CC(=O)Oc1ccccc1C(=O)O", "C[N+](C)(C)CC([O-])=O"]


OVER_PROCESSES = shard_pool.in_parallel


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prepare shards without processes, each of which takes two seconds to start."""

    def here(work, _workers):
        for shard in work:
            shards.prepare_shard(shard)
            yield shard

    monkeypatch.setattr(shard_pool, "in_parallel", here)


def decoded(corpus, renumbering: int, molecule: int) -> str:
    ids = corpus.token_ids(renumbering, molecule)
    return "".join(TOKENS[i] for i in ids[1:-1])


def open_zst(path: Path, mode: str):
    assert mode == "wt"
    return io.TextIOWrapper(pa.CompressedOutputStream(str(path), "zstd"))


@pytest.fixture
def corpus_file(tmp_path: Path) -> Path:
    path = tmp_path / "corpus.smiles"
    path.write_text("\n".join(SMILES) + "\n")
    return path


def test_every_renumbering_is_the_molecule_it_came_from(
    corpus_file: Path, fresh_home: Path
) -> None:
    corpus = prepare_corpus(
        corpus_file, CorpusSettings(preparation=Preparation(renumberings=3)), workers=1
    )
    assert len(corpus) == len(SMILES)
    for molecule, smiles in enumerate(SMILES):
        for r in range(3):
            assert Chem.CanonSmiles(decoded(corpus, r, molecule)) == Chem.CanonSmiles(smiles)


def test_descriptors_are_the_normalised_ones(corpus_file: Path, fresh_home: Path) -> None:
    corpus = prepare_corpus(corpus_file, workers=1)
    expected = normalized_descriptors([Chem.MolFromSmiles(text) for text in SMILES])
    found = corpus.descriptors(np.arange(len(SMILES)))
    np.testing.assert_allclose(found, expected, atol=1e-3)  # kept as float16


def test_lines_that_cannot_be_used_are_counted_by_reason(
    corpus_file: Path, fresh_home: Path
) -> None:
    corpus_file.write_text(
        "CCO\n\nbroken\nCC[Na]\n" + "C" * 300 + "\nCCN extra columns\r\nCCS,1.5,x\n"
    )
    corpus = prepare_corpus(corpus_file, workers=1)
    assert len(corpus) == 3
    assert corpus.rejected == {
        "blank line": 1,
        "cannot parse SMILES": 1,
        "an element or sign outside the vocabulary": 1,
        "longer than 128 tokens": 1,
    }


def test_a_line_is_read_as_every_cell_of_a_smiles_is(corpus_file: Path, fresh_home: Path) -> None:
    """RDKit's writer would end the process at 20,000 atoms."""
    lines = [
        "CCO",
        "CC\u00d3",
        "C[C@H](O)F |&1:1|",
        "C" * 20_000,
        "CCN na\u00efve",
        "C" * 501,
        "CC\xa0N",
    ]
    corpus_file.write_text("\n".join(lines))
    corpus = prepare_corpus(corpus_file, workers=1)
    assert len(corpus) == 2
    assert corpus.rejected == {
        "a character that is not printable ASCII": 2,
        "too many atoms, the limit is 500": 2,
        "a CXSMILES extension (|...|), which encoders do not read": 1,
    }


def test_the_limit_of_atoms_is_part_of_what_a_corpus_is_kept_by(
    corpus_file: Path, fresh_home: Path
) -> None:
    for limit, taken in ((3, 1), (4, 2)):
        corpus_file.write_text("CCO\nCCCO\n")
        settings = CorpusSettings(preparation=Preparation(max_atoms=limit))
        assert len(prepare_corpus(corpus_file, settings, workers=1)) == taken
    assert len(list((fresh_home / "corpora").glob("*/*"))) == 2


@pytest.mark.parametrize(
    ("suffix", "opener"),
    [(".gz", gzip.open), (".bz2", bz2.open), (".xz", lzma.open), (".zst", open_zst)],
)
def test_compressed_corpora_are_read(tmp_path: Path, fresh_home: Path, suffix: str, opener) -> None:
    path = tmp_path / f"corpus.smi{suffix}"
    with opener(path, "wt") as file:
        file.write("\n".join(SMILES))
    assert len(prepare_corpus(path, workers=1)) == len(SMILES)


@pytest.mark.slow
def test_shards_and_workers_do_not_change_the_result(
    corpus_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shard_pool, "in_parallel", OVER_PROCESSES)
    found = []
    for number, (lines, workers) in enumerate([(5000, 1), (1, 2)]):
        monkeypatch.setenv("W2S_MOL_HOME", str(tmp_path / f"home{number}"))
        monkeypatch.setattr(shards, "SHARD_LINES", lines)
        found.append(prepare_corpus(corpus_file, workers=workers))
    one, other = found
    for r in range(2):
        for molecule in range(len(SMILES)):
            assert decoded(one, r, molecule) == decoded(other, r, molecule)
    every = np.arange(len(SMILES))
    np.testing.assert_array_equal(one.descriptors(every), other.descriptors(every))


def test_preparation_goes_on_at_the_shard_it_stopped_at(
    corpus_file: Path, fresh_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shard_pool, "in_parallel", OVER_PROCESSES)
    monkeypatch.setattr(shards, "SHARD_LINES", 1)

    def stop(work: str, done: int, total: int | None) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare_corpus(corpus_file, workers=1, progress=stop)
    [folder] = (fresh_home / "corpora").glob("*/*")
    indexed = json.loads((folder / SEAL).read_text())["files"]
    written = {folder / name: (folder / name).stat().st_mtime_ns for name in indexed}
    assert len(written) >= 2
    assert len(prepare_corpus(corpus_file, workers=1)) == len(SMILES)
    assert all(path.stat().st_mtime_ns == when for path, when in written.items())


def test_a_corpus_with_another_content_is_prepared_anew(
    corpus_file: Path, fresh_home: Path
) -> None:
    prepare_corpus(corpus_file, workers=1)
    corpus_file.write_text("CCO\n")
    assert len(prepare_corpus(corpus_file, workers=1)) == 1


@pytest.mark.parametrize("damage", ["truncate", "alter", "remove", "seal"])
def test_a_damaged_shard_is_noticed_and_prepared_again(
    corpus_file: Path, fresh_home: Path, damage: str
) -> None:
    every = np.arange(len(SMILES))
    corpus = prepare_corpus(corpus_file, workers=1)
    # Read now: the corpus is a view of the files that are damaged below.
    expected = [decoded(corpus, 1, m) for m in every], corpus.descriptors(every)
    [folder] = (fresh_home / "corpora").glob("*/*")
    [shard] = folder.glob("*.safetensors")
    data = bytearray(shard.read_bytes())
    if damage == "truncate":
        shard.write_bytes(data[: len(data) // 2])
    elif damage == "alter":
        data[-3] ^= 0xFF
        shard.write_bytes(data)
    elif damage == "remove":
        shard.unlink()
    else:
        (folder / SEAL).write_text('{"cor')
    again = prepare_corpus(corpus_file, workers=1)
    assert [decoded(again, 1, m) for m in every] == expected[0]
    np.testing.assert_array_equal(again.descriptors(every), expected[1])


@pytest.mark.parametrize(
    ("content", "said"),
    [("", "is empty"), ("\n\n", "blank line: 2"), ("broken\n", "cannot parse SMILES: 1")],
)
def test_a_corpus_without_molecules_is_a_clear_error(
    corpus_file: Path, fresh_home: Path, content: str, said: str
) -> None:
    corpus_file.write_text(content)
    with pytest.raises(InputError, match=said):
        prepare_corpus(corpus_file, workers=1)


def test_later_lines_of_the_same_molecule_are_left_out(corpus_file: Path, fresh_home: Path) -> None:
    corpus_file.write_text("OCC\nCCN\nCCO\nC[C@H](N)O\nC[C@@H](N)O\n")
    corpus = prepare_corpus(corpus_file, workers=1)
    assert len(corpus) == 4  # the mirror images are two molecules
    assert corpus.rejected == {"the molecule of an earlier line": 1}
    assert corpus.rejected_list.read_text().splitlines()[1:] == [
        "3\tthe molecule of an earlier line\t"
    ]


def test_excluded_molecules_are_left_out_whatever_their_stereo(
    corpus_file: Path, fresh_home: Path
) -> None:
    corpus_file.write_text("OCC\nC[C@H](N)O\nCCN\n")
    exclude = {"mine": ["CC(O)N", "not a molecule"], "yours": ["CCO"]}
    corpus = prepare_corpus(corpus_file, exclude=exclude, workers=1)
    assert len(corpus) == 1
    assert corpus.content != prepare_corpus(corpus_file, workers=1).content
    assert corpus.without == ("mine", "yours")
    assert corpus.rejected == {"a molecule of mine": 1, "a molecule of yours": 1}
    account = json.loads(corpus.account.read_text())
    assert account["molecules_left_out_of"] == ["mine", "yours"]
    assert account["molecules"] == 1
    whole = prepare_corpus(corpus_file, workers=1)
    assert len(whole) == 3
    assert json.loads(whole.account.read_text())["molecules_left_out_of"] == []
    assert json.loads(corpus.account.read_text()) == account  # each has its own


def test_rejected_lines_are_listed_in_a_file(corpus_file: Path, fresh_home: Path) -> None:
    corpus_file.write_text("CCO\n\nbroken\tx\nCCO\n" + "(" * 5000 + "\n")
    corpus = prepare_corpus(corpus_file, workers=1)
    assert corpus.rejected_list.read_text().splitlines() == [
        "line\treason\ttext",
        "2\tblank line\t",
        "3\tcannot parse SMILES\tbroken x",
        "4\tthe molecule of an earlier line\t",
        "5\tcannot parse SMILES\t" + "(" * 200,
    ]


def test_more_lines_later_keep_the_shards_that_are_there(
    corpus_file: Path, fresh_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "SHARD_LINES", 2)
    assert len(prepare_corpus(corpus_file, CorpusSettings(lines=1), workers=1)) == 1
    [folder] = (fresh_home / "corpora").glob("*/*")
    [first] = folder.glob("*.safetensors")
    when = first.stat().st_mtime_ns
    assert len(prepare_corpus(corpus_file, CorpusSettings(lines=3), workers=1)) == 3
    assert len(prepare_corpus(corpus_file, workers=1)) == len(SMILES)
    assert first.stat().st_mtime_ns == when
    assert [path.name for path in (fresh_home / "corpora").glob("*/*")] == [folder.name]


def test_a_disk_with_too_little_room_is_a_clear_error(
    corpus_file: Path, fresh_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(corpus_file)._replace(free=100)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(W2SMolError, match=r"needs about 1 MB .* set W2S_MOL_HOME"):
        prepare_corpus(corpus_file, workers=1)


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="looks at Linux's /proc")
def test_tokens_and_descriptors_stay_on_disk(corpus_file: Path, fresh_home: Path) -> None:
    corpus = prepare_corpus(corpus_file, workers=1)
    [path] = {str(p) for p in (fresh_home / "corpora").rglob("*.safetensors")}
    assert path in Path("/proc/self/maps").read_text()
    assert not corpus.shards[0].descriptors.flags.owndata


@pytest.mark.parametrize("harm", ["cut", "altered"])
@pytest.mark.parametrize(
    ("suffix", "opener"), [(".gz", gzip.open), (".xz", lzma.open), (".zst", open_zst)]
)
def test_a_damaged_archive_is_a_clear_error(
    tmp_path: Path, fresh_home: Path, suffix: str, opener, harm: str
) -> None:
    path = tmp_path / f"corpus{suffix}"
    with opener(path, "wt") as file:
        file.writelines(f"{'C' * (n % 90 + 1)}O{'N' * (n % 7)}\n" for n in range(1000))
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    path.write_bytes(
        data[:middle] if harm == "cut" else data[:middle] + b"\xff" * 8 + data[middle:]
    )
    with pytest.raises(InputError, match="cannot read corpus"):
        prepare_corpus(path, workers=1)


def test_a_line_that_is_not_utf8_is_named(corpus_file: Path, fresh_home: Path) -> None:
    corpus_file.write_bytes("CCO éthanol\nCCN\n".encode() + "CCC méthane\n".encode("latin-1"))
    with pytest.raises(InputError, match="line 3 is not UTF-8"):
        prepare_corpus(corpus_file, workers=1)


@pytest.mark.slow
def test_a_script_without_guard_is_told_so_instead_of_waiting_for_itself(
    corpus_file: Path, fresh_home: Path, tmp_path: Path
) -> None:
    corpus_file.write_text("CCO\n" * (shards.SHARD_LINES + 1))  # one shard needs no processes
    script = tmp_path / "script.py"
    script.write_text(
        "from pathlib import Path\n"
        "from w2s_mol.pretraining.corpus import prepare_corpus\n"
        f"prepare_corpus(Path({str(corpus_file)!r}), workers=1)\n"
    )
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 1
    assert 'if __name__ == "__main__"' in done.stderr


def test_a_missing_corpus_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a file"):
        prepare_corpus(tmp_path / "none.smiles")


def test_held_out_molecules_are_not_trained_on(corpus_file: Path, fresh_home: Path) -> None:
    corpus_file.write_text("\n".join("C" * n for n in range(1, 101)))
    train, valid = hold_out(prepare_corpus(corpus_file, workers=1), most=10)
    assert (len(train), len(valid)) == (98, 2)
    fewer = hold_out(prepare_corpus(corpus_file, workers=1), most=1)
    assert [len(part) for part in fewer] == [99, 1]
    held = {decoded(valid, 0, i) for i in range(2)}
    assert held.isdisjoint(decoded(train, 0, i) for i in range(98))


def test_a_corpus_that_changes_while_it_is_prepared_is_refused_and_not_kept(
    corpus_file: Path, fresh_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "SHARD_LINES", 1)
    original = corpus_file.read_text()

    def change(_work: str, done: int, _total: int | None) -> None:
        if done == 1:
            corpus_file.write_text("\n".join("N" * n for n in range(1, 9)))

    with pytest.raises(InputError, match="changed while it was read"):
        prepare_corpus(corpus_file, workers=1, progress=change)
    corpus_file.write_text(original)
    corpus = prepare_corpus(corpus_file, workers=1)
    found = [Chem.CanonSmiles(decoded(corpus, 0, i)) for i in range(len(corpus))]
    assert found == [Chem.CanonSmiles(text) for text in SMILES]


def test_a_shard_that_a_kill_left_half_written_is_prepared_again(
    corpus_file: Path, fresh_home: Path
) -> None:
    prepare_corpus(corpus_file, workers=1)
    [folder] = (fresh_home / "corpora").glob("*/*")
    [shard] = folder.glob("*.safetensors")
    shard.write_bytes(shard.read_bytes()[:100])
    (folder / SEAL).unlink()
    assert len(prepare_corpus(corpus_file, workers=1)) == len(SMILES)


@pytest.mark.parametrize("wrong", [{"renumberings": 0}, {"max_length": 2}, {"max_atoms": 5001}])
def test_preparations_that_cannot_be_done_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(InputError, match=next(iter(wrong))):
        Preparation(**wrong)


@pytest.mark.parametrize("lines", [0, -1])
def test_a_corpus_of_no_lines_cannot_be_asked_for(lines: int) -> None:
    with pytest.raises(InputError, match="lines"):
        CorpusSettings(lines=lines)
