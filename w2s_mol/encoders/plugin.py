"""The protocol of an encoder that is not ours, and the adapter that makes it one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, runtime_checkable

import numpy as np

from w2s_mol.encoders.contract import Computed, Encoder
from w2s_mol.encoders.plugin_laws import Answer, broken, check_answer, check_laws
from w2s_mol.errors import InputError, W2SMolError, first_line, means_no_memory
from w2s_mol.manifest import versions
from w2s_mol.progress import Progress

_PART = 512
"""Molecules a plug-in gets at a time at most; between parts progress is told."""


@runtime_checkable
class EncoderPlugin(Protocol):
    """What a plug-in has to have; nothing of this package need be imported for it.

    Attributes
    ----------
    name
        What tables and pictures call it.
    dimension
        Length of its vectors.
    fingerprint
        Stands for everything its vectors depend on: a version, a hash of its weights. Embeddings
        are kept by it, so it must change when they do.
    """

    name: str
    dimension: int
    fingerprint: str

    def embed(self, smiles: list[str]) -> tuple[Any, ...]:
        """Return the vectors of ``n`` SMILES.

        Each is a text that RDKit reads, without blanks, and none comes twice.

        Returns
        -------
        vectors
            An array of shape (n, dimension), float32, in the order given. A row depends on its
            SMILES alone.
        valid
            An array of shape (n,), bool: False where it cannot represent the molecule, whose row
            is not looked at.
        reasons
            May be left out: ``n`` texts, why a molecule is not valid.
        """
        ...


class PluginEncoder(Encoder):
    """Makes an encoder of a plug-in, which is checked against the laws when it is first used.

    Parameters
    ----------
    plugin
        An object as ``EncoderPlugin`` describes.
    origin
        What the user called it, for messages and beside its fingerprint.
    version
        Anything else its vectors depend on: the hash of its script, the release it comes from.
    device
        Where it runs.

    Raises
    ------
    InputError
        If it is not such an object; from ``embed``, if it breaks a law or fails.
    """

    poolings = ("plugin",)

    def __init__(
        self, plugin: EncoderPlugin, origin: str, version: str = "", device: str = "cpu"
    ) -> None:
        _check_attributes(plugin, origin)
        self.name = plugin.name
        self.device = device
        self._plugin = plugin
        self._origin = origin
        self._size = int(plugin.dimension)
        self._lawful = False
        # Its word alone would let two scripts that both say "1" share their embeddings.
        self.fingerprint = "\n".join(
            ["plugin:1", plugin.name, str(self._size), version, plugin.fingerprint]
        )
        self.metadata: dict[str, Any] = {"plugin": origin, "version": version}

    @property
    def arithmetic(self) -> Mapping[str, str | None]:
        """The versions of what it most likely uses, and the kind of device."""
        return {**versions("torch", "numpy", "rdkit"), "device": self.device.partition(":")[0]}

    def dimension(self, pooling: str) -> int:
        """Return what the plug-in announces."""
        return self._size

    def _prepare(self, smiles: str) -> str:
        return smiles

    def _compute(self, prepared: Sequence[Any], pooling: str, progress: Progress) -> Computed:
        answer = self._answers(list(prepared), progress)
        refused = {row: answer.reasons[row] for row in np.flatnonzero(~answer.valid).tolist()}
        return Computed(answer.vectors, refused)

    def _answers(self, texts: list[str], progress: Progress) -> Answer:
        parts = [Answer(np.empty((0, self._size), np.float32), np.empty(0, bool), ())]
        for start in range(0, len(texts), _PART):
            part = texts[start : start + _PART]
            parts.append(self._ask(part))
            if not self._lawful:
                self._lawful = check_laws(self._origin, self._ask, part, parts[-1])
            progress(f"embedding with {self.name}", start + len(part), len(texts))
        return Answer(
            np.concatenate([part.vectors for part in parts]),
            np.concatenate([part.valid for part in parts]),
            tuple(reason for part in parts for reason in part.reasons),
        )

    def _ask(self, texts: list[str]) -> Answer:
        with failing_as(self._origin, f"failed on {len(texts):,} SMILES"):
            given = self._plugin.embed(list(texts))
        return check_answer(self._origin, given, texts, self._size)


@contextmanager
def failing_as(origin: str, what: str) -> Iterator[None]:
    """Make an InputError of whatever the code of a plug-in raises in the block.

    Raises
    ------
    InputError
        Naming the plug-in, with the first line of what its exception says.
    """
    try:
        yield
    except W2SMolError:
        raise  # ours, and has said it
    except (Exception, SystemExit) as error:
        if isinstance(error, SystemExit):
            said = "it ends the program."
        elif means_no_memory(error):
            raise
        else:
            said = first_line(error)
        raise InputError(
            f"the encoder plug-in {origin} {what}: {type(error).__name__}: {said} It is code of "
            "your own or of another package; --debug shows where."
        ) from error


def _check_attributes(plugin: Any, origin: str) -> None:
    with failing_as(origin, "has an attribute that cannot be read"):  # a property of its own
        found = {name: getattr(plugin, name, None) for name in ("name", "fingerprint")}
        size, embed = getattr(plugin, "dimension", None), getattr(plugin, "embed", None)
    for name, value in found.items():
        if not isinstance(value, str) or not value.strip():
            raise broken(origin, f"its {name} is {value!r}", "a text that is not empty")
    if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1:
        raise broken(origin, f"its dimension is {size!r}", "a whole number, at least 1")
    if not callable(embed):
        raise broken(origin, "it has no method embed", "embed(list of SMILES)")
