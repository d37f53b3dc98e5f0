import pytest

from w2s_mol.errors import InputError
from w2s_mol.shards.share import Share


def test_shares_are_all_shards_once() -> None:
    shares = [Share.parse(f"{number}/7") for number in range(1, 8)]
    assert sorted(shard for share in shares for shard in share.of(23)) == list(range(23))
    assert list(Share(7, 7).of(3)) == []


@pytest.mark.parametrize("text", ["0/3", "4/3", "3", "1/0", "a/b", "-1/3", "1/3/5", ""])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"is no share\. It should be as 3/100"):
        Share.parse(text)
