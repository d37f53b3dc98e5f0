import numpy as np
import pytest
import torch

from w2s_mol.molecules.vocabulary import CLS_ID, MASK_ID, PAD_ID, SEP_ID
from w2s_mol.pretraining.batches import IGNORED, Batches, mask_tokens
from w2s_mol.pretraining.corpus import PreparedCorpus


@pytest.fixture(scope="module")
def corpus() -> PreparedCorpus:
    """Two renumberings of 50 made-up sequences whose descriptors say which molecule they are."""
    generator = np.random.default_rng(0)
    lengths = generator.integers(5, 40, size=(2, 50))
    starts = np.cumsum(lengths.ravel()).reshape(2, 50) - lengths
    tokens = np.concatenate(
        [[CLS_ID, *generator.integers(4, 42, n - 2), SEP_ID] for n in lengths.ravel()]
    ).astype(np.uint8)
    descriptors = np.repeat(np.arange(50) / 64, 200).reshape(50, 200).astype(np.float16)
    return PreparedCorpus("made", "0" * 64, tokens, starts, lengths, descriptors, {})


def molecules(batch: dict[str, torch.Tensor]) -> list[int]:
    return (batch["descriptors"][:, 0] * 64).round().int().tolist()


def test_every_molecule_is_seen_once_an_epoch(corpus: PreparedCorpus) -> None:
    batches = Batches(corpus, batch_size=8, epochs=3, seed=0)
    assert len(batches) == 3 * 7
    for epoch in range(3):
        seen = [m for step in range(7) for m in molecules(batches[epoch * 7 + step])]
        assert sorted(seen) == list(range(50))


def test_a_batch_depends_on_seed_and_step_alone(corpus: PreparedCorpus) -> None:
    forwards = [Batches(corpus, 8, 2, seed=1)[step] for step in range(14)]
    other = Batches(corpus, 8, 2, seed=1)
    for step in reversed(range(14)):
        for name, tensor in other[step].items():
            assert torch.equal(tensor, forwards[step][name])
    assert molecules(Batches(corpus, 8, 2, seed=2)[0]) != molecules(forwards[0])


def test_an_epoch_reads_its_own_renumbering(corpus: PreparedCorpus) -> None:
    for epoch, renumbering in ((0, 0), (1, 1), (2, 0)):
        batch = Batches(corpus, 50, 3, seed=0)[epoch]
        lengths = batch["attention_mask"].sum(dim=1).tolist()
        expected = corpus.lengths[renumbering, molecules(batch)].tolist()
        assert lengths == expected


def test_labels_restore_the_tokens_that_were_masked(corpus: PreparedCorpus) -> None:
    batch = Batches(corpus, 50, 1, seed=0)[0]
    labels, tokens = batch["labels"], batch["input_ids"]
    restored = torch.where(labels == IGNORED, tokens, labels)
    for row, molecule in zip(restored, molecules(batch), strict=True):
        start, length = corpus.starts[0, molecule], corpus.lengths[0, molecule]
        expected = corpus.tokens[start : start + length].tolist()
        assert row.tolist() == expected + [PAD_ID] * (len(row) - length)


def test_masking_follows_bert(corpus: PreparedCorpus) -> None:
    tokens = np.full((400, 100), 8)
    tokens[:, 0], tokens[:, -1] = CLS_ID, SEP_ID
    corrupted, labels = mask_tokens(tokens, np.random.default_rng(0))
    chosen = labels != IGNORED
    assert not chosen[:, 0].any()
    assert not chosen[:, -1].any()
    assert chosen[:, 1:-1].mean() == pytest.approx(0.15, abs=0.01)
    assert (corrupted[~chosen] == tokens[~chosen]).all()
    assert (corrupted[chosen] == MASK_ID).mean() == pytest.approx(0.80, abs=0.02)
    # one of the 38 random tokens is the original one
    assert (corrupted[chosen] == 8).mean() == pytest.approx(0.10 + 0.10 / 38, abs=0.02)
