import pytest

from w2s_mol.errors import InputError, first_line, means_no_memory


@pytest.mark.parametrize(
    ("error", "said"), [(ValueError("one\ntwo"), "one"), (MemoryError(), "MemoryError")]
)
def test_the_first_line_of_an_error_is_never_empty(error: Exception, said: str) -> None:
    assert first_line(error) == said


def test_too_little_memory_is_told_from_other_failures() -> None:
    class OutOfMemoryError(RuntimeError):  # torch's, of a GPU
        pass

    assert means_no_memory(MemoryError())
    assert means_no_memory(OutOfMemoryError("CUDA"))
    assert means_no_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory"))
    assert means_no_memory(ValueError("array is too big"))
    assert not means_no_memory(RuntimeError("shapes do not match"))
    assert not means_no_memory(InputError("a file is too big"))
