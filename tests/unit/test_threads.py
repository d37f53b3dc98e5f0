import numpy as np
import torch
from threadpoolctl import threadpool_info, threadpool_limits

from w2s_mol.threads import one_thread


def threads() -> set[int]:
    np.ones((2, 2)) @ np.ones((2, 2))
    return {pool["num_threads"] for pool in threadpool_info()} | {torch.get_num_threads()}


def test_everything_works_in_one_thread_and_then_as_before() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    with threadpool_limits(limits=2):
        with one_thread():
            assert threads() == {1}
        assert threads() == {2}
    torch.set_num_threads(before)
