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


def test_too_little_memory_is_told_from_other_failures() -> None:
    class OutOfMemoryError(RuntimeError):  # torch's, of a GPU
        pass

    assert means_no_memory(MemoryError())
    assert means_no_memory(OutOfMemoryError("CUDA"))
    assert means_no_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory"))
    assert means_no_memory(ValueError("array is too big"))
    assert not means_no_memory(RuntimeError("shapes do not match"))
    assert not means_no_memory(InputError("a file is too big"))
