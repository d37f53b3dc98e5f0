import numpy as np
import pytest
import torch

from w2s_mol.molecules.vocabulary import CLS_ID, MASK_ID, PAD_ID, SEP_ID
from w2s_mol.pretraining.batches import IGNORED, Batches, mask_tokens
from w2s_mol.pretraining.corpus import PreparedCorpus
from w2s_mol.pretraining.shards import Shard


@pytest.fixture(scope="module")
def corpus() -> PreparedCorpus:
    """Two renumberings of 50 made-up sequences whose descriptors say which molecule they are."""
    generator = np.random.default_rng(0)
    lengths = generator.integers(5, 40, size=(2, 50)).astype(np.int16)
    starts = (np.cumsum(lengths.ravel()).reshape(2, 50) - lengths).astype(np.int32)
    tokens = np.concatenate(
        [[CLS_ID, *generator.integers(4, 42, n - 2), SEP_ID] for n in lengths.ravel()]
    ).astype(np.uint8)
    descriptors = np.repeat(np.arange(50) / 64, 200).reshape(50, 200).astype(np.float16)
    lines = np.arange(50)
    shard = Shard("0" * 64, tokens, lengths, descriptors, lines, lines, lines)
    rows = lines.astype(np.int32)
    return PreparedCorpus("made", "0" * 64, (shard,), 0 * rows, rows, starts, lengths)


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
        expected = corpus.token_ids(0, molecule).tolist()
        assert row.tolist() == expected + [PAD_ID] * (len(row) - len(expected))


def test_devices_part_each_batch_and_together_see_all_of_it(corpus: PreparedCorpus) -> None:
    whole = Batches(corpus, 8, 1, seed=3)
    parts = [Batches(corpus, 8, 1, seed=3, share=(rank, 3)) for rank in range(3)]
    for step in range(len(whole)):
        mine = [part[step] for part in parts]
        if len(molecules(whole[step])) < 3:  # too few to share: each device takes them all
            assert all(molecules(batch) == molecules(whole[step]) for batch in mine)
            continue
        assert sorted(m for b in mine for m in molecules(b)) == sorted(molecules(whole[step]))
        # What each divides its sums by makes their mean the mean over the whole batch.
        masked = sum(int((batch["labels"] != IGNORED).sum()) for batch in mine)
        assert masked == pytest.approx(float(mine[0]["n_tokens"]) * 3)
        assert float(mine[0]["n_molecules"]) * 3 == pytest.approx(len(molecules(whole[step])))


def test_a_pair_is_two_orders_of_one_molecule_or_two_molecules(corpus: PreparedCorpus) -> None:
    seen = set()
    for step in range(7):
        batch = Batches(corpus, 8, 1, seed=0, pairs=True)[step]
        names = molecules(batch)
        tokens = torch.where(batch["labels"] == IGNORED, batch["input_ids"], batch["labels"])
        for row, (molecule, same) in enumerate(zip(names, batch["same"].tolist(), strict=True)):
            ids, types = tokens[row].tolist(), batch["token_type_ids"][row].tolist()
            first = corpus.token_ids(0, molecule).tolist()
            second = ids[len(first) : int(batch["attention_mask"][row].sum())]
            assert ids[: len(first)] == first
            assert types == [0] * len(first) + [1] * len(second) + [0] * (
                len(ids) - len(first) - len(second)
            )
            other = molecule if same else names[row - 1]
            assert [CLS_ID, *second] == corpus.token_ids(1, other).tolist()
            seen.add(same)
    assert seen == {0, 1}


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
