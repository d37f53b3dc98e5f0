"""Many studies carried out, each in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from w2s_mol.crews.named import Asked
from w2s_mol.embeddings.finding import Finder
from w2s_mol.encoders.devices import check_device_name
from w2s_mol.engine.finished import Finished
from w2s_mol.engine.folder import carry_out
from w2s_mol.engine.handing_out import carry_out_together
from w2s_mol.errors import DownloadError, InputError, W2SMolError
from w2s_mol.progress import Progress, silent
from w2s_mol.settings_check import Count, check
from w2s_mol.study.config import StudyConfig
from w2s_mol.study.plan import StudyPlan
from w2s_mol.study.run import recognised


@dataclass(frozen=True)
class SweptStudy:
    """What became of one study.

    Attributes
    ----------
    folder, config
        Which.
    finished
        The run; None if it was refused.
    refused
        Why, or an empty text.
    """

    folder: Path
    config: StudyConfig
    finished: Finished | None
    refused: str = ""


def run_sweep(
    studies: Mapping[Path, StudyConfig],
    *,
    workers: int = 1,
    cluster: str | None = None,
    device: str = "auto",
    mirror: str | None = None,
    offline: bool = False,
    progress: Progress = silent,
    note: Callable[[str], None] = lambda _: None,
) -> list[SweptStudy]:
    """Carry out many studies; those that are finished are not repeated.

    Parameters
    ----------
    studies
        By the folder of each.
    workers, cluster, device, mirror, offline, note
        As in ``run_study``.
    progress
        Told what is done.

    Returns
    -------
    list of SweptStudy
        In the order given. A study that cannot be carried out is told there, and stops no other.

    Raises
    ------
    W2SMolError
        If something is amiss that is no study's own.
    """
    asked = Asked(check("workers", workers, Count), check("cluster", cluster, str | None), note)
    check_device_name(check("device", device, str))
    sweep = _Sweep(studies, device, mirror, offline, progress)
    if asked.several:
        for folder, found in carry_out_together(sweep.plans(), asked, progress):
            sweep.tell(folder, found)
    else:
        for plan, folder in sweep.plans():
            try:
                sweep.tell(folder, carry_out(plan, folder, progress))
            except InputError as error:
                sweep.tell(folder, error)
    return sweep.in_order()


class _Sweep:
    """Studies, and what became of each."""

    def __init__(
        self,
        studies: Mapping[Path, StudyConfig],
        device: str,
        mirror: str | None,
        offline: bool,
        progress: Progress,
    ) -> None:
        self._studies = studies
        self._found: dict[Path, Finished | W2SMolError] = {}
        self._device, self._mirror, self._offline = device, mirror, offline
        self._progress = progress

    def plans(self) -> Iterator[tuple[StudyPlan, Path]]:
        """Yield what is to be carried out, each opened when it is asked for."""
        for number, (folder, config) in enumerate(self._studies.items()):
            self._progress("studies", number, len(self._studies))
            finder = Finder(config.pooling, self._device, config.items, self._mirror, self._offline)
            try:
                found = recognised(config, folder)
                plan = None if found else StudyPlan(config, finder)
            except (InputError, DownloadError) as error:
                self.tell(folder, error)
                continue
            if found:
                self.tell(folder, found)
            elif plan:
                yield plan, folder

    def tell(self, folder: Path, found: Finished | W2SMolError) -> None:
        """Note what became of a study."""
        self._found[folder] = found

    def in_order(self) -> list[SweptStudy]:
        """Return what became of all."""
        return [
            _swept(folder, config, self._found[folder]) for folder, config in self._studies.items()
        ]


def _swept(folder: Path, config: StudyConfig, found: Finished | W2SMolError) -> SweptStudy:
    if isinstance(found, W2SMolError):
        return SweptStudy(folder, config, None, str(found))
    return SweptStudy(folder, config, found)
