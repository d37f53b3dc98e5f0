import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from w2s_mol.encoders.legacy_pickle import Inert, load_checkpoint
from w2s_mol.errors import InputError


class _Attack:
    def __init__(self, target: Path) -> None:
        self._target = target

    def __reduce__(self):
        return os.system, (f"touch {self._target}",)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_tensors_come_out_as_torch_wrote_them(tmp_path: Path, zipped: bool) -> None:
    path = tmp_path / "a.ckpt"
    base = torch.arange(24.0).reshape(4, 6)
    tensors = {
        "plain": base,
        "view": base[1:3, ::2],
        "transposed": base.T,
        "scalar": torch.tensor(3.5),
        "empty": torch.zeros(0, 3),
        "half": torch.ones(3, dtype=torch.float16),
        "long": torch.arange(3),
        "parameter": torch.nn.Parameter(torch.ones(2)),
    }
    torch.save({"state_dict": tensors}, path, _use_new_zipfile_serialization=zipped)
    found = load_checkpoint(path)["state_dict"]
    for name, tensor in tensors.items():
        np.testing.assert_array_equal(found[name].array(), tensor.detach().numpy())


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_no_code_of_a_checkpoint_is_run(tmp_path: Path, zipped: bool) -> None:
    path, target = tmp_path / "a.ckpt", tmp_path / "attacked"
    content = {"state_dict": {"w": torch.ones(2)}, "callbacks": [_Attack(target)]}
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    found = load_checkpoint(path)
    assert not target.exists()
    assert isinstance(found["callbacks"][0], Inert)
    np.testing.assert_array_equal(found["state_dict"]["w"].array(), [1, 1])


def test_a_bare_malicious_pickle_is_refused_and_not_run(tmp_path: Path) -> None:
    path, target = tmp_path / "a.ckpt", tmp_path / "attacked"
    path.write_bytes(pickle.dumps(_Attack(target)))
    with pytest.raises(InputError, match="not a whole PyTorch checkpoint"):
        load_checkpoint(path)
    assert not target.exists()


def test_a_checkpoint_cut_anywhere_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "a.ckpt"
    torch.save({"w": torch.ones(300)}, path, _use_new_zipfile_serialization=False)
    data = path.read_bytes()
    for size in range(0, len(data), max(1, len(data) // 40)):
        path.write_bytes(data[:size])
        with pytest.raises(InputError, match="not a whole PyTorch checkpoint"):
            load_checkpoint(path)


def test_a_missing_checkpoint_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a file"):
        load_checkpoint(tmp_path / "none.ckpt")
