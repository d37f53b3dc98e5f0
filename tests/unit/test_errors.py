import pytest

from w2s_mol.errors import InputError, first_line, means_no_memory, unknown_name


@pytest.mark.parametrize(
    ("error", "said"), [(ValueError("one\ntwo"), "one"), (MemoryError(), "MemoryError")]
)
def test_the_first_line_of_an_error_is_never_empty(error: Exception, said: str) -> None:
    assert first_line(error) == said


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("weak-h8", "'weak-h8-s0'"), ("Weak-h8-s9", "'weak-h8-s"), ("ecpf", "'ecfp'")],
)
def test_a_name_mistyped_or_not_typed_to_its_end_is_guessed(typed: str, meant: str) -> None:
    known = ["ecfp", "weak-h8-s0", "weak-h8-s1", "weak-h96-s0"]
    assert f"Did you mean {meant}" in str(unknown_name("encoder", typed, known))


def test_nothing_is_guessed_from_nothing() -> None:
    assert "Did you mean" not in str(unknown_name("encoder", "", ["ecfp"]))


def test_too_little_memory_is_told_from_other_failures_by_its_type() -> None:
    import numpy as np
    import torch

    assert means_no_memory(MemoryError())
    assert means_no_memory(torch.OutOfMemoryError("CUDA"))
    assert means_no_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory: 1 byte"))
    for make in (np.empty, torch.empty):
        with pytest.raises(Exception) as real:  # noqa: PT011 -- each library's own
            make(10**15)
        assert means_no_memory(real.value)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("shapes do not match"),
        RuntimeError("the balloon could not be allocated"),
        ValueError("array is too big"),
        InputError("line 3: DefaultCPUAllocator: can't allocate memory"),
    ],
)
def test_a_word_alone_does_not_mean_too_little_memory(error: Exception) -> None:
    assert not means_no_memory(error)
