import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertModel, BertTokenizerFast

from w2s_mol import load_encoder
from w2s_mol.datasets.builtin import generate
from w2s_mol.encoders import models
from w2s_mol.encoders.transformer import TextEncoder, equal_length_batches
from w2s_mol.errors import InputError
from w2s_mol.molecules.smiles import standardize


@pytest.fixture
def copy(tiny_encoder_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_encoder_folder, tmp_path / "copy"))


def test_mean_and_pooled_are_concatenated_in_that_order(tiny_encoder_folder: Path) -> None:
    encoder = load_encoder(str(tiny_encoder_folder))
    both, mean, pooled = (
        encoder.embed(["CCO"], pooling).embeddings for pooling in ("mean+pooled", "mean", "pooled")
    )
    np.testing.assert_array_equal(both, np.hstack([mean, pooled]))


@pytest.mark.slow
def test_embeddings_equal_those_of_plain_transformers_with_padding(
    tiny_encoder_folder: Path,
) -> None:
    """A padded batch with a masked mean, by a program that knows nothing of this package."""
    script = """
import sys, json, numpy as np
sys.modules["w2s_mol"] = None
from transformers import AutoModel, AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
model = AutoModel.from_pretrained(sys.argv[1]).eval()
batch = tokenizer(sys.argv[2:], padding=True, return_tensors="pt")
output = model(**batch)
mask = batch["attention_mask"][:, :, None]
mean = (output.last_hidden_state * mask).sum(1) / mask.sum(1)
print(json.dumps([mean.tolist(), output.pooler_output.tolist(), batch["input_ids"].tolist()]))
"""
    smiles = ["CCO", "c1ccccc1Cl", "C"]
    done = subprocess.run(
        [sys.executable, "-c", script, str(tiny_encoder_folder), *map(standardize, smiles)],
        capture_output=True,
        text=True,
        check=True,
    )
    mean, pooled, tokens = json.loads(done.stdout)
    found = load_encoder(str(tiny_encoder_folder)).embed(smiles)
    np.testing.assert_allclose(found.embeddings, np.hstack([mean, pooled]), atol=1e-5)
    assert tokens[0][:5] == [1, 8, 8, 10, 2]


def test_an_element_outside_the_vocabulary_is_an_error_for_the_saved_tokenizer(
    tiny_encoder_folder: Path,
) -> None:
    from transformers import AutoTokenizer

    with pytest.raises(Exception, match="UNK"):
        AutoTokenizer.from_pretrained(tiny_encoder_folder)("[Na]")


def test_a_molecule_longer_than_the_limit_is_invalid(tiny_encoder_folder: Path) -> None:
    folder = str(tiny_encoder_folder)
    bonds = "=".join("C" * 170)  # 339 tokens and 170 atoms
    assert load_encoder(folder).embed([bonds + "C" * 171]).valid.tolist() == [True]
    assert load_encoder(folder).embed([bonds + "C" * 172]).valid.tolist() == [False]
    short = load_encoder(folder, max_tokens=10).embed(["C" * 8, "C" * 9])
    assert short.valid.tolist() == [True, False]
    assert "at most 10" in short.reasons[1]


def test_the_fingerprint_follows_the_content_not_the_name(copy: Path, tmp_path: Path) -> None:
    first = load_encoder(str(copy)).fingerprint
    renamed = copy.rename(tmp_path / "renamed")
    assert load_encoder(str(renamed)).fingerprint == first
    weights = load_file(renamed / "model.safetensors")
    weights["pooler.dense.bias"] = weights["pooler.dense.bias"] + 1
    save_file(weights, renamed / "model.safetensors", metadata={"format": "pt"})
    assert load_encoder(str(renamed)).fingerprint != first


def test_too_little_memory_is_not_taken_for_a_damaged_file(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(models.AutoModel, "from_pretrained", fail)
    with pytest.raises(RuntimeError, match="allocate"):
        load_encoder(str(copy))


@pytest.mark.parametrize("size", [0, 100, -100])
def test_a_damaged_weight_file_is_a_clear_error(copy: Path, size: int) -> None:
    weights = copy / "model.safetensors"
    data = weights.read_bytes()
    weights.write_bytes(data[:size])
    with pytest.raises(InputError, match="cannot load encoder"):
        load_encoder(str(copy))


def test_a_missing_weight_is_refused_by_name_not_filled_at_random(copy: Path) -> None:
    weights = load_file(copy / "model.safetensors")
    del weights["encoder.layer.0.attention.self.query.weight"]
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(InputError, match=r"query\.weight"):
        load_encoder(str(copy))


def test_without_a_trained_pooler_only_the_mean_is_offered(copy: Path) -> None:
    weights = load_file(copy / "model.safetensors")
    rest = {name: tensor for name, tensor in weights.items() if not name.startswith("pooler")}
    save_file(rest, copy / "model.safetensors", metadata={"format": "pt"})
    encoder = load_encoder(str(copy))
    assert encoder.poolings == ("mean", "cls", "last")
    with pytest.raises(InputError, match="does not offer the pooling 'pooled'"):
        encoder.embed(["C"], "pooled")


def test_any_hugging_face_text_encoder_works(tmp_path: Path) -> None:
    folder = tmp_path / "text"
    folder.mkdir()
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "c", "##c", "o", "##o", "##1", "(", ")"]
    (folder / "vocab.txt").write_text("\n".join(words))
    BertTokenizerFast(vocab=str(folder / "vocab.txt"), model_max_length=16).save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=8,
        max_position_embeddings=16,
    )
    BertModel(config).save_pretrained(folder)
    encoder = load_encoder(f"hf:{folder}")
    assert isinstance(encoder, TextEncoder)
    found = encoder.embed(["CCO", "", "C" * 3, "C" * 40 + "(O)" * 8])
    assert found.valid.tolist() == [True, False, True, False]
    assert not encoder.embed(["not a molecule"]).valid.any()
    assert found.embeddings.shape == (4, 16)


def test_no_code_that_a_folder_brings_is_run(
    tiny_encoder_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import builtins

    folder = Path(shutil.copytree(tiny_encoder_folder, tmp_path / "evil"))
    target = tmp_path / "attacked"
    code = f"open({str(target)!r}, 'w').close()\nclass Evil: pass\n"
    (folder / "evil.py").write_text(code)
    config = json.loads((folder / "config.json").read_text())
    config["auto_map"] = {"AutoConfig": "evil.Evil", "AutoModel": "evil.Evil"}
    (folder / "config.json").write_text(json.dumps(config))
    tokenizer = json.loads((folder / "tokenizer_config.json").read_text())
    tokenizer["auto_map"] = {"AutoTokenizer": ["evil.Evil", None]}
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer))
    (folder / "tokenizer.json").unlink()  # so that it is not read as one of our family
    monkeypatch.setattr(builtins, "input", lambda *_: "y")
    with pytest.raises(InputError):
        load_encoder(str(folder))
    assert not target.exists()


@pytest.mark.parametrize("text", ["null", "[1]", "[" * 100_000, "{"])
@pytest.mark.parametrize("name", ["w2s_mol.json", "config.json", "tokenizer_config.json"])
def test_json_that_is_not_an_object_is_a_clear_error(copy: Path, name: str, text: str) -> None:
    (copy / name).write_text(text)
    if name == "tokenizer_config.json":  # the family's tokens are read without it
        assert load_encoder(str(copy)).hidden == 8
        return
    with pytest.raises(InputError, match=name if name != "config.json" else "cannot load encoder"):
        load_encoder(str(copy))


def test_any_file_of_a_folder_but_its_card_changes_the_fingerprint(copy: Path) -> None:
    first = load_encoder(str(copy)).fingerprint
    (copy / "README.md").write_text("a longer story")
    assert load_encoder(str(copy)).fingerprint == first
    settings = json.loads((copy / "tokenizer_config.json").read_text())
    (copy / "tokenizer_config.json").write_text(json.dumps({**settings, "do_lower_case": True}))
    assert load_encoder(str(copy)).fingerprint != first


def test_a_folder_named_like_a_shipped_encoder_is_not_passed_over(
    copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy.rename(tmp_path / "weak-h8-s0")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"Say \./weak-h8-s0"):
        load_encoder("weak-h8-s0")
    assert load_encoder("./weak-h8-s0").hidden == 8


def test_an_unknown_name_suggests_the_near_one() -> None:
    with pytest.raises(InputError, match="Did you mean 'molbert'"):
        load_encoder("molbrt")


def test_a_folder_that_is_no_encoder_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"config\.json"):
        load_encoder(str(tmp_path))


def test_batches_hold_one_length_each_and_every_sequence_once() -> None:
    sequences = [[0] * n for n in (3, 1, 3, 2, 3, 1)]
    batches = list(equal_length_batches(sequences, batch_tokens=6))
    assert sorted(index for batch in batches for index in batch) == list(range(6))
    assert all(len({len(sequences[i]) for i in batch}) == 1 for batch in batches)
    assert all(sum(len(sequences[i]) for i in batch) <= 6 for batch in batches)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_device_that_is_not_here_is_a_clear_error(tiny_encoder_folder: Path) -> None:
    with pytest.raises(InputError, match="cannot be used here"):
        load_encoder(str(tiny_encoder_folder), device="cuda")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_gives_the_embeddings_of_the_cpu(tiny_encoder_folder: Path) -> None:
    cpu, gpu = (
        load_encoder(str(tiny_encoder_folder), device).embed(["CCO", "CCN"]).embeddings
        for device in ("cpu", "cuda")
    )
    np.testing.assert_allclose(cpu, gpu, atol=1e-5)


def test_bfloat16_agrees_to_two_digits_and_is_another_encoder(tiny_encoder_folder: Path) -> None:
    exact = load_encoder(str(tiny_encoder_folder))
    rough = load_encoder(str(tiny_encoder_folder), precision="bf16")
    smiles = ["CCO", "c1ccccc1O", "CC(=O)Oc1ccccc1C(=O)O"]
    found, expected = rough.embed(smiles).embeddings, exact.embed(smiles).embeddings
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=0.03)
    assert not np.array_equal(found, expected)
    assert rough.fingerprint != exact.fingerprint  # the store must not confuse them


def test_the_bytes_are_the_same_on_any_number_of_threads() -> None:
    """With an encoder large enough that torch parts its sums among threads."""
    encoder = load_encoder("strong-h256-l6-s0")
    smiles = [smiles for smiles, _ in generate(40)]
    before = torch.get_num_threads()
    found = set()
    for threads in (1, 2, 5):
        torch.set_num_threads(threads)
        found.add(encoder.embed(smiles).embeddings.tobytes())
        assert torch.get_num_threads() == threads
    torch.set_num_threads(before)
    assert len(found) == 1
