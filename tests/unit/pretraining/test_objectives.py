import pytest

from w2s_mol.errors import InputError
from w2s_mol.pretraining.objectives import Objectives


def test_objectives_not_named_are_left_out() -> None:
    assert Objectives.parse("descriptors=10") == Objectives(mlm=0, descriptors=10, pairs=0)
    assert Objectives.parse("pairs, mlm").used() == ["mlm", "pairs"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "unknown objective"),
        ("mlm,descriptor", "did you mean 'descriptors'"),
        ("mlm=a", "weight 'a'"),
        ("mlm=-1", "weight -1"),
        ("mlm=nan", "weight nan"),
        ("mlm=0", "no objective"),
        ("mlm, mlm=2", "mlm is named twice"),
    ],
)
def test_objectives_that_cannot_be_used_are_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=f"(?i){message}"):
        Objectives.parse(text)
