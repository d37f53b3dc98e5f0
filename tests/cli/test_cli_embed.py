"""``w2s-mol embed``: a Parquet file of embeddings in the order of the table."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import w2s_mol

ROWS = (Path(__file__).parents[2] / "data" / "computed-logp.csv").read_text().splitlines()
SMILES = [row.split(",")[0] for row in ROWS[1:]]


def write_smiles(path, smiles):
    path.write_text("\n".join(["smiles", *smiles]) + "\n")
    return path


def read(path):
    """Return the columns of an embeddings file: SMILES, validity and an (n, d) array."""
    table = pq.read_table(path)
    assert table.column_names == ["smiles", "valid", "embedding", "reason"]
    size = table.schema.field("embedding").type.list_size
    assert table.schema.field("smiles").type == pa.string()
    assert table.schema.field("valid").type == pa.bool_()
    assert table.schema.field("embedding").type == pa.list_(pa.float32(), size)
    assert sum(column.null_count for column in table.columns) == 0
    vectors = table["embedding"].combine_chunks().flatten().to_numpy().reshape(-1, size)
    return table["smiles"].to_pylist(), np.array(table["valid"].to_pylist()), vectors


@pytest.fixture(scope="module")
def hub_style_bert(tmp_path_factory):
    """A small random BERT with a WordPiece tokenizer of its own, as others save theirs."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("hub") / "some-bert"
    characters = sorted({c for text in SMILES for c in text})
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *characters]
    pieces += [f"##{c}" for c in characters]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    words = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=500))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    words.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=words,
        **{f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")},
        model_max_length=64,
    ).save_pretrained(folder)
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=len(pieces),
        hidden_size=12,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=24,
        max_position_embeddings=64,
    )
    BertModel(config).save_pretrained(folder)
    return folder


@pytest.mark.slow
def test_a_messy_table_is_embedded_row_for_row_as_the_library_does_it(
    cli, tmp_path, tiny_encoder_folder
):
    """A byte-order mark, Windows line ends, a quoted newline, blanks, repeats, invalid rows."""
    smiles = ["CCO", " c1ccccc1 ", "c1cc", "C[Na]", "", "CCO", *SMILES[:30]]
    rows = [f'"note, {n}\r\nsecond line",{text}' for n, text in enumerate(smiles)]
    text = "\r\n".join(["note,Structure", *rows]) + "\r\n"
    (tmp_path / "messy.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    done = cli(
        *("embed", "messy.csv", "--encoder", tiny_encoder_folder, "--smiles-column", "structure"),
        *("-o", "new/folder/out.parquet"),
    )
    assert done.code == 0
    assert done.out == ""
    assert "36 rows" in done.err
    assert "3 of them invalid" in done.err
    written, valid, vectors = read(tmp_path / "new" / "folder" / "out.parquet")
    assert written == smiles
    assert np.flatnonzero(~valid).tolist() == [2, 3, 4]
    assert np.isnan(vectors[~valid]).all()
    assert np.isfinite(vectors[valid]).all()

    encoder = w2s_mol.load_encoder(str(tiny_encoder_folder))
    alone = encoder.embed(smiles)
    assert vectors.shape == (36, 16)
    np.testing.assert_array_equal(valid, alone.valid)
    np.testing.assert_allclose(vectors, alone.embeddings, atol=1e-6)
    both = [encoder.embed(smiles, pooling=name).embeddings for name in ("mean", "pooled")]
    np.testing.assert_allclose(vectors, np.hstack(both), atol=1e-6)


@pytest.mark.parametrize("pooling", ["mean", "pooled"])
@pytest.mark.slow
def test_the_pooling_asked_for_is_the_one_written(cli, tmp_path, tiny_encoder_folder, pooling):
    write_smiles(tmp_path / "m.csv", SMILES[:20])
    command = ("embed", "m.csv", "-e", tiny_encoder_folder, "--pooling", pooling, "-q")
    done = cli(*command, "-o", "out.parquet")
    assert (done.code, done.out, done.err) == (0, "", "")
    _, valid, vectors = read(tmp_path / "out.parquet")
    expected = w2s_mol.load_encoder(str(tiny_encoder_folder)).embed(SMILES[:20], pooling=pooling)
    assert valid.all()
    assert vectors.shape == (20, 8)
    np.testing.assert_allclose(vectors, expected.embeddings, atol=1e-6)
    metadata = pq.read_schema(tmp_path / "out.parquet").metadata
    assert metadata[b"pooling"] == pooling.encode()


@pytest.mark.slow
def test_any_hugging_face_encoder_with_its_own_tokenizer_embeds(cli, tmp_path, hub_style_bert):
    import torch
    from transformers import AutoModel, AutoTokenizer

    too_long = "C" * 100
    smiles = [*SMILES[:10], "", too_long]
    write_smiles(tmp_path / "m.csv", [f'"{text}"' for text in smiles])
    done = cli("embed", "m.csv", "--encoder", f"hf:{hub_style_bert}", "-o", "out.parquet", "-q")
    assert (done.code, done.err) == (0, "")
    written, valid, vectors = read(tmp_path / "out.parquet")
    assert written == smiles
    assert valid.tolist() == [True] * 10 + [False] * 2

    tokenizer = AutoTokenizer.from_pretrained(hub_style_bert)
    model = AutoModel.from_pretrained(hub_style_bert).eval()
    with torch.no_grad():
        outputs = [model(**tokenizer(text, return_tensors="pt")) for text in SMILES[:10]]
    expected = [
        torch.cat([output.last_hidden_state[0].mean(dim=0), output.pooler_output[0]])
        for output in outputs
    ]
    np.testing.assert_allclose(vectors[:10], torch.stack(expected).numpy(), atol=1e-5)
    assert np.isnan(vectors[10:]).all()


@pytest.mark.slow
def test_a_table_of_many_chunks_keeps_its_order(cli, tmp_path):
    many = (SMILES * 4)[:9_000]
    with gzip.open(tmp_path / "many.tsv.gz", "wt") as file:
        file.write("\n".join(["id\tsmiles", *(f"{n}\t{text}" for n, text in enumerate(many))]))
    assert cli("embed", "many.tsv.gz", "--encoder", "ecfp", "-o", "many.parquet").code == 0
    written, valid, vectors = read(tmp_path / "many.parquet")
    assert written == many
    assert valid.all()
    assert vectors.shape == (9_000, 2048)
    np.testing.assert_array_equal(vectors[2400:4800], vectors[:2400])
    alone = w2s_mol.load_encoder("ecfp").embed(many[-50:])
    np.testing.assert_array_equal(vectors[-50:], alone.embeddings)


def test_descriptors_need_no_weights_and_invalid_rows_are_nan(cli, tmp_path):
    smiles = ["CCO", "C[Na]", "not a molecule", "c1ccccc1"]
    write_smiles(tmp_path / "m.csv", smiles)
    assert cli("embed", "m.csv", "--encoder", "rdkit2d", "-o", "out.parquet").code == 0
    written, valid, vectors = read(tmp_path / "out.parquet")
    assert written == smiles
    assert valid.tolist() == [True, True, False, True]
    assert vectors.shape == (4, 200)
    expected = w2s_mol.load_encoder("rdkit2d").embed(smiles).embeddings
    np.testing.assert_array_equal(vectors, expected)


@pytest.mark.parametrize(
    ("options", "code", "named"),
    [
        (("--encoder", "ecfp", "--pooling", "mean"), 2, "'mean'"),
        (("--encoder", "ecpf"), 2, "Did you mean 'ecfp'?"),
        (("--encoder", "ecfp", "--smiles-column", "smile"), 2, "Did you mean 'smiles'?"),
        (("--encoder", "./nowhere"), 2, "nowhere"),
        (("--encoder", "hf:nobody/nothing"), 1, "nobody/nothing"),
    ],
    ids=["unknown pooling", "unknown encoder", "missing column", "no folder", "not on the hub"],
)
def test_what_cannot_be_embedded_leaves_the_old_file_as_it_was(cli, tmp_path, options, code, named):
    write_smiles(tmp_path / "m.csv", ["CCO"])
    (tmp_path / "out.parquet").write_text("the last result")
    done = cli("embed", "m.csv", *options, "-o", "out.parquet")
    assert (done.code, done.out) == (code, "")
    assert named in done.err
    assert (tmp_path / "out.parquet").read_text() == "the last result"
    assert {path.name for path in tmp_path.iterdir()} == {"m.csv", "out.parquet"}


@pytest.mark.parametrize("output", ["/proc/no/out.parquet", "m.csv/out.parquet", "a-folder"])
def test_an_output_that_cannot_be_written_is_named_with_a_way_out_that_helps(cli, tmp_path, output):
    write_smiles(tmp_path / "m.csv", ["CCO"])
    (tmp_path / "a-folder").mkdir()
    (tmp_path / "a-folder" / "mine.txt").write_text("mine")
    done = cli("embed", "m.csv", "--encoder", "ecfp", "-o", output)
    assert done.code == 2  # the user named a wrong place; nothing failed
    assert output in done.err
    assert "Free some space" not in done.err
    assert {path.name for path in tmp_path.iterdir()} == {"m.csv", "a-folder"}
