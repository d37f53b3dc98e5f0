from pathlib import Path

import pytest

from w2s_mol import load_encoder
from w2s_mol.encoders import folders


def test_a_revision_pins_a_model_of_the_hub_and_is_recorded(
    tmp_path: Path, tiny_encoder_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub

    commit = "0123456789abcdef0123456789abcdef01234567"
    folder = tmp_path / "models--me--it" / "snapshots" / commit
    folder.parent.mkdir(parents=True)
    folder.symlink_to(tiny_encoder_folder)
    asked = []

    def download(name: str, revision: str | None, **_: object) -> str:
        asked.append((name, revision))
        return str(folder)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    encoder = load_encoder("hf:me/it@v1.2")
    assert asked == [("me/it", "v1.2")]
    assert encoder.revision == commit
    folders._hub_folder("me/it", None, offline=True)
    assert asked[-1] == ("me/it", None)
