import signal
import sys

import dask.config
import pytest
from distributed import Client

from w2s_mol.crews.dask_clusters import running
from w2s_mol.errors import InputError


def test_ctrl_c_stays_the_programs_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """dask-jobqueue, when imported, lets Ctrl-C end the program with the code of success."""
    for name in [name for name in sys.modules if name.startswith("dask_jobqueue")]:
        monkeypatch.delitem(sys.modules, name)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(InputError, match="unknown engine 'nobody'"), running("nobody", {}, 1):
        pass
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.slow
def test_workers_of_this_machine_are_not_looked_at_a_hundred_times_a_second() -> None:
    watched = "distributed.worker.profile.enabled"
    with running("local", {}, 1) as address, Client(address, set_as_default=False) as client:
        assert list(client.run(dask.config.get, watched).values()) == [False]
    assert dask.config.get(watched)  # of whoever else uses Dask in this process
