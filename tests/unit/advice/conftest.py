import pytest

from w2s_mol.runs import FinishedRun


@pytest.fixture(scope="session")
def run(run_of_labels: FinishedRun) -> FinishedRun:
    """Return a real study of two numbers of labels."""
    return run_of_labels
