from typing import Any

import pytest

from w2s_mol.crews import on_dask


@pytest.mark.parametrize("times", [0, 2])
def test_a_greeting_that_comes_with_more_is_asked_for_again(
    times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def client(address: str, **_: Any) -> str:
        asked.append(address)
        assert len(asked) > times
        return address

    monkeypatch.setattr("distributed.Client", client)
    assert on_dask._connected("tcp://there") == "tcp://there"
    assert len(asked) == times + 1
