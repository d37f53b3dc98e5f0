import subprocess
import sys

import pytest
import torch

from w2s_mol.encoders import devices
from w2s_mol.errors import InputError


@pytest.mark.parametrize("device", ["auto", "cpu"])
def test_a_build_for_cpus_is_known_to_have_no_gpu_without_importing_it(device: str) -> None:
    code = (
        "import sys\n"
        "from w2s_mol.encoders import devices\n"
        "devices.versions = lambda name: {name: '2.13.0+cpu'}\n"
        f"print(devices.place_of({device!r}), 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["cpu", "False"]


@pytest.mark.parametrize(("has_gpu", "place"), [(True, "cuda"), (False, "cpu")])
def test_any_other_build_is_asked(
    monkeypatch: pytest.MonkeyPatch, has_gpu: bool, place: str
) -> None:
    monkeypatch.setattr(devices, "versions", lambda name: {name: "2.13.0"})
    monkeypatch.setattr(torch.cuda, "is_available", lambda: has_gpu)
    assert devices.place_of("auto") == place
    assert devices.place_of("cpu") == "cpu"
    assert devices.place_of(torch.device("cuda", 1)) == "cuda:1"


@pytest.mark.parametrize("device", ["cuda", "tpu"])
def test_what_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch, device: str) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError, match="cannot be used here"):
        devices.place_of(device)
