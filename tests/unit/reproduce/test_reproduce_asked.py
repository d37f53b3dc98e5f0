import subprocess
import sys
from pathlib import Path

import pytest

from w2s_mol.errors import InputError
from w2s_mol.reproduce.asked import what_was_asked, write_asked


def test_what_was_not_run_is_said_after_the_aim(tmp_path: Path) -> None:
    assert what_was_asked(tmp_path) == []
    write_asked(tmp_path, ["One step."], ["Another: no data.", "A third."])
    aim, *gaps = what_was_asked(tmp_path)
    assert aim.startswith("Every experiment of Charikar")
    assert gaps == ["Gap: Another: no data.", "Gap: A third."]


@pytest.mark.parametrize("text", ["{", "[]", '{"gaps": "none"}', "{}"])
def test_a_record_that_is_not_ours_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "plan.json").write_text(text)
    with pytest.raises(InputError, match=r"plan\.json cannot be read"):
        what_was_asked(tmp_path)


def test_what_makes_a_report_is_imported_without_pytorch() -> None:
    """It takes as long to import as a twentieth of a report of twelve runs."""
    code = (
        "import sys, w2s_mol.report.content, w2s_mol.report.render, w2s_mol.reproduce.asked\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
