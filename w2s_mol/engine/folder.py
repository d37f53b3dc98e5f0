"""A run's folder: begun, gone on with, finished, read again. Any kind of run is kept this way.

A run is made of parts. Each process that is given the same run and folder takes one part after the
other that no other process is at; each finished part is written at once, so that nothing is lost
when one is killed, and at the end the parts become the run's tables.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from w2s_mol.engine.finished import Finished
from w2s_mol.engine.parts import Session
from w2s_mol.engine.run import Run
from w2s_mol.engine.work import Work, run_manifest
from w2s_mol.progress import Progress


def carry_out(run: Run, folder: Path | None, progress: Progress) -> Finished:
    """Carry out a run in a folder, together with other processes, or in memory for None.

    Raises
    ------
    InputError
        If the folder holds another run or a damaged table, or cannot be written.
    W2SMolError
        If the folder is removed or altered while the run is at work.
    """
    if folder is None:
        return _in_memory(run, progress)
    work = Work(run, folder, progress)
    found = work.begun()
    if found is None:
        work.do_parts()
        found = work.finish()
    return found


def _in_memory(run: Run, progress: Progress) -> Finished:
    session = Session(run.run_id, None)
    parts = [run.do(name, progress) for name in run.part_names()]
    tables = {
        name: pd.concat([p.tables[name] for p in parts if name in p.tables], ignore_index=True)
        for name in run.tables
    }
    records = [{"notes": part.notes, "seconds": part.seconds} for part in parts]
    return Finished(run_manifest(run, [session.now()], records), in_memory=tables)
