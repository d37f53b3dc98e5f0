"""What lies between a SMILES and its token ids: read as the model was trained, or refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import AutoConfig, AutoModel, PreTrainedTokenizerFast, T5Config, T5EncoderModel

from w2s_mol import load_encoder
from w2s_mol.embeddings.encoded import Encoded
from w2s_mol.encoders.ref import OpenRef
from w2s_mol.encoders.trials import tried
from w2s_mol.errors import InputError
from w2s_mol.items.molecules import Molecules

SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
LETTERS = [*"CNOPSFIcnos()=#[]@H+-123lrB/\\"]
SIZE = {
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "max_position_embeddings": 66,
    "pad_token_id": 1,
    "bos_token_id": 0,
    "eos_token_id": 2,
}


def model(folder: Path, kind: str = "bert", vocab: int = 40, **more: object):
    torch.manual_seed(0)
    size = {n: value for n, value in {**SIZE, **more}.items() if value is not None}
    made = AutoModel.from_config(AutoConfig.for_model(kind, vocab_size=vocab, **size))
    made.save_pretrained(folder)
    return made.eval()


def characters(
    folder: Path,
    letters: Sequence[str] = LETTERS,
    pattern: str = ".",
    normalizer: object = None,
) -> None:
    tokenizer = Tokenizer(
        models.WordLevel({w: i for i, w in enumerate([*SPECIAL, *letters])}, unk_token="<unk>")
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(pattern), "isolated")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<s>", eos_token="</s>",
        unk_token="<unk>", mask_token="<mask>",
    ).save_pretrained(folder)  # fmt: skip


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., str]:
    """Make an encoder; return how it is named."""

    def make(kind: str = "bert", letters: Sequence[str] = LETTERS, **more) -> str:
        tokens = {n: more.pop(n) for n in ("pattern", "normalizer") if n in more}
        characters(tmp_path, letters, **tokens)
        model(tmp_path, kind, **more)
        return f"hf:{tmp_path}"

    return make


@pytest.mark.slow
def test_a_real_model_of_whole_atoms_gives_its_reference_ids_and_vectors(mirror: Path) -> None:
    folder = mirror / "encoders" / "rxnmapper-albert"
    reference = json.loads((folder / "reference.json").read_text())
    encoder = load_encoder(str(folder))
    assert [encoder._token_ids(s) for s in reference["smiles"]] == reference["token_ids"]
    for pooling, expected in np.load(folder / "reference.npz").items():
        found = encoder.embed(reference["smiles"], pooling)
        assert found.valid.all()
        np.testing.assert_allclose(found.embeddings, expected, atol=1e-5)


def test_a_folder_without_a_tokenizer_is_refused(tmp_path: Path) -> None:
    model(tmp_path)
    with pytest.raises(InputError, match="no tokenizer in"):
        load_encoder(f"hf:{tmp_path}")


def test_a_vocabulary_that_was_not_loaded_is_refused(made: Callable) -> None:
    with pytest.raises(InputError, match="the vocabulary was not loaded"):
        load_encoder(made(vocab=1_000))


def test_a_vocabulary_that_fills_little_of_the_table_is_told(made: Callable) -> None:
    assert load_encoder(made(vocab=100)).notes == (
        "its tokenizer has 34 tokens, the model's table 100",
    )


def test_ids_outside_the_models_table_are_refused_at_loading(made: Callable) -> None:
    with pytest.raises(InputError, match="outside the model's table of 20"):
        load_encoder(made(vocab=20))


@pytest.mark.parametrize(
    ("drop", "smiles", "reason"),
    [
        ("S", "CCS", "unknown to the encoder's tokenizer: 'S'"),
        ("l", "CCCl", "unknown to the encoder's tokenizer: 'l'"),
    ],
)
def test_a_molecule_with_an_unknown_token_is_invalid(
    made: Callable, drop: str, smiles: str, reason: str
) -> None:
    encoder = load_encoder(made(letters=[c for c in LETTERS if c != drop]))
    found = encoder.embed(["CCO", smiles])
    assert found.valid.tolist() == [True, False]
    assert reason in found.reasons[1]


def test_a_molecule_of_which_characters_are_dropped_is_invalid(made: Callable) -> None:
    """A tokenizer that splits at what it knows and passes over the rest."""
    dropping = normalizers.Replace(Regex("@"), "")
    found = load_encoder(made(normalizer=dropping)).embed(["CC(O)F", "C[C@H](O)F"])
    assert found.valid.tolist() == [True, False]
    assert found.reasons[1] == "no token in the encoder's tokenizer: '@'"


def test_case_that_is_folded_is_told_in_one_note(made: Callable) -> None:
    letters = [*"cnopsfi()=#[]@h+-123lrb/\\"]
    encoder = load_encoder(made(letters=letters, normalizer=normalizers.Lowercase()))
    assert encoder.notes == ("case is folded: benzene is read as cyclohexane",)


@pytest.mark.parametrize(
    ("lost", "what"), [("l", "chlorine is not told from"), ("1", "a ring is not told from")]
)
def test_what_no_model_can_have_been_trained_on_is_refused(lost: str, what: str) -> None:
    with pytest.raises(InputError, match=what):
        tried("it", lambda smiles: [ord(c) for c in smiles.replace(lost, "")], 200, Molecules())


def test_stereo_that_is_dropped_is_told() -> None:
    _, notes = tried(
        "it", lambda smiles: [ord(c) for c in smiles.replace("@", "")], 200, Molecules()
    )
    assert notes == ["stereo is dropped: enantiomers are read alike"]


@pytest.mark.parametrize("kind", ["roberta", "mpnet", "ibert", "bert"])
def test_the_limit_of_length_is_seen_in_the_model(made: Callable, kind: str) -> None:
    most = 66 if kind == "bert" else 64  # positions of the others begin after the padding's
    encoder = load_encoder(made(kind))
    found = encoder.embed(["C" * (most - 2), "C" * (most - 1)])
    assert found.valid.tolist() == [True, False]
    assert found.reasons[1] == f"{most + 1} tokens, the encoder reads at most {most}"


def test_a_negative_limit_means_none(made: Callable) -> None:
    none = dict.fromkeys(SIZE)
    size = {**none, "d_model": 16, "n_layer": 1, "n_head": 2, "d_inner": 16, "pad_token_id": 1}
    encoder = load_encoder(made("xlnet", **size))
    assert encoder.embed(["CCO", "C" * 400]).valid.all()


BART = {
    "d_model": 16, "encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 2,
    "decoder_attention_heads": 2, "encoder_ffn_dim": 16, "decoder_ffn_dim": 16,
    "decoder_start_token_id": 2,
}  # fmt: skip


def test_of_an_encoder_decoder_the_encoders_states_are_taken(made: Callable) -> None:
    encoder = load_encoder(made("bart", **BART))
    whole = AutoModel.from_pretrained(encoder.folder).eval()
    with torch.inference_mode():
        states = whole(
            input_ids=torch.tensor([encoder._token_ids("CCO")])
        ).encoder_last_hidden_state
    expected = {"mean": states.mean(1), "cls": states[:, 0], "last": states[:, -1]}
    assert encoder.poolings == tuple(expected)
    for pooling, vector in expected.items():
        found = encoder.embed(["CCO"], pooling).embeddings
        np.testing.assert_allclose(found, vector.numpy(), atol=1e-6)


def test_a_folder_of_an_encoder_alone_loads(tmp_path: Path) -> None:
    characters(tmp_path)
    config = T5Config(vocab_size=40, d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2)
    T5EncoderModel(config).save_pretrained(tmp_path)
    assert load_encoder(f"hf:{tmp_path}").embed(["CCO", "C" * 400]).valid.all()


def test_output_that_is_not_finite_is_invalid(tmp_path: Path) -> None:
    characters(tmp_path)
    weights = model(tmp_path)
    with torch.no_grad():
        weights.embeddings.word_embeddings.weight[5 + LETTERS.index("S")] = float("nan")
    weights.save_pretrained(tmp_path)
    found = load_encoder(f"hf:{tmp_path}").embed(["CCO", "CCS"])
    assert found.valid.tolist() == [True, False]
    assert "not finite" in found.reasons[1]


def test_a_vocabulary_of_selfies_gets_selfies_or_says_how(made: Callable) -> None:
    words = ["[C]", "[N]", "[O]", "[=C]", "[Ring1]", "[F]"]
    name = made(letters=words, pattern=r"\[[^\]]+\]", vocab=11)
    try:
        import selfies  # noqa: F401
    except ImportError:
        with pytest.raises(InputError, match=r"w2s-mol\[selfies\]"):
            load_encoder(name)
        return
    found = load_encoder(name).embed(["CCO", "CCF", "c1ccccc1"])
    assert found.valid.tolist() == [True, True, False]
    assert "unknown" in found.reasons[2]


def _change_config(name: str, **change: object) -> None:
    path = Path(name.removeprefix("hf:")) / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))


def test_a_config_that_drops_layers_is_refused_by_name(made: Callable) -> None:
    name = made(num_hidden_layers=3)
    _change_config(name, num_hidden_layers=2)
    with pytest.raises(InputError, match=r"leaves out 16 weights .* encoder\.layer\.2\."):
        load_encoder(name)


def test_a_config_that_makes_a_decoder_of_an_encoder_is_refused(made: Callable) -> None:
    name = made()
    _change_config(name, is_decoder=True)
    with pytest.raises(InputError, match="is_decoder"):
        load_encoder(name)


def test_a_model_that_needs_code_of_its_own_is_refused_with_the_way_out(made: Callable) -> None:
    name = made()
    _change_config(name, model_type="my-own", auto_map={"AutoModel": "mine.Mine"})
    with pytest.raises(InputError, match="file:EMBEDDINGS"):
        load_encoder(name)


def test_a_molecule_that_the_model_fails_on_is_invalid_alone_and_is_not_kept(
    made: Callable, fresh_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither its batch-mates nor a later call pay for it."""
    encoder = load_encoder(made())
    forward = encoder._forward
    broken = encoder._token_ids("CCF")

    def fail(tokens: list[list[int]], pooling: str) -> np.ndarray:
        if broken in tokens:
            raise RuntimeError("could not create a primitive")
        return forward(tokens, pooling)

    monkeypatch.setattr(encoder, "_forward", fail)
    ref, smiles = OpenRef(encoder, "made"), ["CCO", "CCF", "CCN"]
    encoded = Encoded(ref)
    assert encoded.prepare(smiles) == [
        "", "the model fails on it: could not create a primitive", ""
    ]  # fmt: skip
    assert np.isnan(encoded.features(smiles).array[:, 0]).tolist() == [False, True, False]
    monkeypatch.undo()
    monkeypatch.setenv("W2S_MOL_HOME", str(fresh_home))
    again = Encoded(ref)
    assert again.prepare(smiles) == ["", "", ""]
    assert np.isfinite(again.features(smiles).array).all()
