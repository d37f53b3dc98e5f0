import pytest

from w2s_mol.encoders.names import shipped_encoders
from w2s_mol.errors import InputError
from w2s_mol.supervisors.names import columns_of, count_of, expand_supervisors, leaves, members_of

CHAIN_OF_0 = [name for name in shipped_encoders() if name.endswith("-s0")]


def test_a_name_stands_for_itself_or_for_several() -> None:
    assert expand_supervisors("column:a+b") == ["column:a+b"]
    assert expand_supervisors("mean:ecfp+rdkit2d") == ["mean:ecfp+rdkit2d"]
    assert expand_supervisors("shipped") == list(shipped_encoders())
    assert expand_supervisors("chain:all") == ["chain:all-s0", "chain:all-s1", "chain:all-s2"]


def test_members_are_what_the_name_says() -> None:
    assert members_of("concat:ecfp+rdkit2d+weak-h8-s0") == ["ecfp", "rdkit2d", "weak-h8-s0"]
    assert members_of("mean:h96") == ["weak-h96-s0", "weak-h96-s1", "weak-h96-s2"]
    assert members_of("mean:h8+column:x") == [*members_of("mean:h8"), "column:x"]
    assert members_of("mean:shipped") == list(shipped_encoders())
    assert members_of("ecfp") == members_of("column:a>b") == []


def test_chains_go_from_small_to_large() -> None:
    assert members_of("chain:weak-h8-s0>raw:x>ecfp") == ["weak-h8-s0", "raw:x", "ecfp"]
    assert members_of("chain:all-s0") == CHAIN_OF_0
    assert CHAIN_OF_0[0] == "weak-h8-s0"
    assert CHAIN_OF_0[-1] == "weak-h96-s0"


def test_combinations_may_hold_combinations_of_another_sign() -> None:
    assert members_of("mean:chain:ecfp>rdkit2d+raw:x") == ["chain:ecfp>rdkit2d", "raw:x"]
    assert members_of("chain:mean:ecfp+rdkit2d>weak-h8-s0") == ["mean:ecfp+rdkit2d", "weak-h8-s0"]
    found = leaves("mean:chain:ecfp>rdkit2d+raw:x")
    assert list(found) == ["ecfp", "rdkit2d", "raw:x"]


def test_the_columns_of_a_table_are_known_from_names() -> None:
    names = ["shipped", "column:dock", "mean:raw:calc+ecfp", "chain:raw:dock>ecfp", "property:TPSA"]
    assert columns_of(names) == ["dock", "calc"]
    assert columns_of(["ecfp"]) == []


@pytest.mark.parametrize("name", ["mean:ecfp", "concat:", "chain:ecfp>", "mean:ecfp++rdkit2d"])
def test_one_alone_is_no_combination(name: str) -> None:
    with pytest.raises(InputError, match="should combine two or more"):
        members_of(name)


def test_a_size_or_seed_that_is_not_shipped_is_refused() -> None:
    with pytest.raises(InputError, match="h7: there is no shipped weak encoder of hidden 7"):
        members_of("mean:h7")
    with pytest.raises(InputError, match=r"no shipped weak encoder of seed 9\. .*one of: 0, 1, 2"):
        members_of("chain:all-s9")


def test_the_best_of_all_others_say_how_many() -> None:
    assert expand_supervisors("top:3") == ["top:3"]
    assert count_of("top:3") == 3
    assert list(leaves("top:3")) == []
    for name in ("top:", "top:0", "top:-1", "top:x", "top:1.5"):
        with pytest.raises(InputError, match=r"should say how many .* top:3"):
            count_of(name)
