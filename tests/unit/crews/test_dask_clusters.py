import signal
import sys

import pytest

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
