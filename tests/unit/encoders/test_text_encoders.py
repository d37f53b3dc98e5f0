"""Hugging Face encoders asked to read plain texts: a tiny BERT of random weights, made here."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from w2s_mol import load_encoder
from w2s_mol.embeddings.finding import Finder
from w2s_mol.embeddings.store import block_entry
from w2s_mol.encoders.loading import find_encoder
from w2s_mol.encoders.trials import tried
from w2s_mol.errors import InputError, ItemError
from w2s_mol.items.molecules import Molecules
from w2s_mol.items.texts import Texts
from w2s_mol.supervisors.registry import find_supervisors

WORDS = ["a", "good", "bad", "film", "!", ".", "é", "Good", *"CNOcl1()=[]@H#/\\BrF"]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LONGEST = 16


@pytest.fixture(scope="session")
def tiny_text_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece
    from tokenizers.pre_tokenizers import BertPreTokenizer
    from tokenizers.processors import BertProcessing
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("text") / "tiny-text"
    words = {word: i for i, word in enumerate(dict.fromkeys([*SPECIAL, *WORDS]))}
    words |= {f"##{w}": len(words) + i for i, w in enumerate(dict.fromkeys(WORDS))}
    tokenizer = Tokenizer(WordPiece(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.post_processor = BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    torch.manual_seed(0)
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = BertConfig(
        vocab_size=len(words), intermediate_size=16, max_position_embeddings=LONGEST, **sizes
    )
    BertModel(config).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    names = dict(zip(("pad", "unk", "cls", "sep", "mask"), SPECIAL, strict=True))
    settings = {f"{role}_token": word for role, word in names.items()}
    settings["tokenizer_class"] = "PreTrainedTokenizerFast"
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return folder


def test_a_text_is_read_whole_blanks_and_all(tiny_text_encoder: Path) -> None:
    import torch
    from transformers import AutoModel, AutoTokenizer

    text = " a good  film\n!"
    found = load_encoder(tiny_text_encoder, items=Texts()).embed([text], "mean")
    tokens = AutoTokenizer.from_pretrained(tiny_text_encoder)(text, return_tensors="pt")
    with torch.no_grad():
        states = AutoModel.from_pretrained(tiny_text_encoder)(input_ids=tokens["input_ids"])
    expected = states.last_hidden_state.mean(dim=1).numpy()
    np.testing.assert_allclose(found.embeddings, expected, atol=1e-6)


def test_what_a_tokenizer_would_lose_is_a_reason(tiny_text_encoder: Path) -> None:
    encoder = load_encoder(tiny_text_encoder, items=Texts())
    texts = ["a good film", "a gut film", "", "a " * 14, "a " * 15, "c1cc"]
    found = encoder.embed(texts)
    assert found.reasons == (
        "",
        "unknown to the encoder's tokenizer: 'gut'",
        "empty text",
        "",
        "17 tokens, the encoder reads at most 16",
        "",  # no SMILES, and nobody asks whether it is one
    )


def test_the_same_folder_reads_molecules_unless_it_is_asked(tiny_text_encoder: Path) -> None:
    encoder = load_encoder(f"hf:{tiny_text_encoder}")
    assert encoder.embed(["C", "good", "CC name"]).reasons == ("", "cannot parse SMILES", "")


def test_embeddings_of_texts_and_of_molecules_are_kept_apart(tiny_text_encoder: Path) -> None:
    refs = [find_encoder(tiny_text_encoder, items=items) for items in (Molecules(), Texts())]
    assert refs[0].fingerprint == refs[1].fingerprint
    first, second = (block_entry(ref, ["CC"], "mean") for ref in refs)
    assert first.key != second.key
    assert [ref.open().items for ref in refs] == [Molecules(), Texts()]


def test_a_tokenizer_must_tell_words_apart() -> None:
    with pytest.raises(InputError, match=r"words are not told apart .a good film and a bad film"):
        tried("it", lambda text: [len(text.split())], 200, Texts())


def test_what_a_tokenizer_folds_of_texts_is_told() -> None:
    _, notes = tried("it", lambda text: [ord(c) for c in text.lower()], 1 << 16, Texts())
    assert notes == ["case is folded: Polish is read as polish"]


def test_a_tokenizer_may_know_one_script_alone() -> None:
    def chinese(text: str) -> list[int]:
        if text.isascii() or text > "\u9fff" or text < "\u4e00":
            raise ItemError("unknown")
        return [ord(text)]

    seen, notes = tried("it", chinese, 1 << 16, Texts())
    assert len(seen) == 2
    assert notes == []


@pytest.mark.parametrize(
    "name",
    ["ecfp", "rdkit2d", "molbert", "weak-h8-s0", "random-h8-s0", "random-bert-h8-s0",
     "python:no_such_module:Encoder", "skfp:NoSuch"],
)  # fmt: skip
def test_who_reads_molecules_alone_refuses_before_anything_is_fetched_or_run(name: str) -> None:
    with pytest.raises(InputError, match=f"encoder {name} reads molecules, and the items are tex"):
        load_encoder(name, items=Texts())


def test_molberts_vocabulary_refuses_texts_whatever_its_folder_is_called(
    tiny_encoder_folder: Path,
) -> None:
    for name in (tiny_encoder_folder, f"hf:{tiny_encoder_folder}"):
        with pytest.raises(InputError, match="reads molecules, and the items are texts"):
            find_encoder(name, items=Texts())


def test_a_vocabulary_of_whole_atoms_refuses_texts(tiny_text_encoder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "atoms"
    folder.mkdir()
    for name in ("config.json", "model.safetensors"):
        (folder / name).write_bytes((tiny_text_encoder / name).read_bytes())
    atoms = ["C", "c", "O", "(", "=", "Cl", "[nH]", "[O-]", "N", ")", "1", "2"]
    (folder / "vocab.txt").write_text("\n".join([*SPECIAL, *atoms]) + "\n")
    with pytest.raises(InputError, match="its vocabulary is of whole atoms, and the items are te"):
        load_encoder(folder, items=Texts())


def test_a_property_of_molecules_is_none_of_texts() -> None:
    with pytest.raises(InputError, match="property:MolLogP is a property of molecules"):
        find_supervisors(["property:MolLogP"], Finder(items=Texts()))
    [column] = find_supervisors(["column:n_words"], Finder(items=Texts()))
    assert column.name == "column:n_words"


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., str]:
    def write(texts: list[str], vectors: list[list[float]], column: str = "text") -> str:
        table = pa.table({column: texts, "embedding": vectors})
        pq.write_table(table, tmp_path / "made.parquet")
        return f"file:{tmp_path / 'made.parquet'}"

    return write


def test_a_file_of_embeddings_is_looked_up_by_the_text(written: Callable) -> None:
    name = written(["A film.", "CCO"], [[1.0, 2.0], [3.0, 4.0]])
    found = load_encoder(name, items=Texts()).embed(["CCO", "A  film.", "OCC", "a film."])
    assert found.embeddings[:2].tolist() == [[3.0, 4.0], [1.0, 2.0]]
    assert found.reasons[2:] == ("not in the file of embeddings",) * 2


def test_a_file_of_embeddings_of_molecules_has_no_texts(written: Callable) -> None:
    with pytest.raises(InputError, match="there is no 'text'"):
        load_encoder(written(["CCO"], [[1.0]], "smiles"), items=Texts())
