"""One of the processes that ``run_study`` starts for ``workers``."""

from __future__ import annotations

from typing import Any

from w2s_mol.engine.workers import serve
from w2s_mol.progress import Progress
from w2s_mol.study.config import StudyConfig
from w2s_mol.study.run import run_study


def work(task: dict[str, Any], progress: Progress) -> None:
    """Carry out a study together with others."""
    run_study(StudyConfig(**task.pop("config")), progress=progress, **task)


if __name__ == "__main__":
    serve(work)
