"""The fingerprints of scikit-fingerprints as encoders: the first plug-in, ``skfp:NAME``.

It is a package of its own, which the extra ``w2s-mol[skfp]`` installs. What it offers is found
there by looking, so that a later release needs nothing here.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import rdkit
from numpy.typing import NDArray
from rdkit import rdBase

from w2s_mol.encoders.devices import place_of
from w2s_mol.encoders.plugin import PluginEncoder, failing_as
from w2s_mol.errors import DownloadError, InputError, first_line, means_no_memory, unknown_name

if TYPE_CHECKING:
    import torch

PACKAGE = "scikit-fingerprints"
_SUFFIX = "Fingerprint"
_NOT_CONTENT = {"n_jobs", "batch_size", "verbose", "device", "sparse"}
_SEED = 0
"""Of the conformers of the fingerprints that look at three dimensions."""


def open_skfp(
    name: str, device: str | torch.device = "auto", offline: bool = False
) -> PluginEncoder:
    """Return the encoder ``skfp:NAME``: NAME is a class without ``Fingerprint``, in any case.

    Raises
    ------
    InputError
        If scikit-fingerprints is not installed, or has no such fingerprint.
    DownloadError
        If it is a neural one whose weights cannot be fetched.
    """
    classes = fingerprint_classes()
    spelt = {short.lower(): short for short in classes}
    short = spelt.get(name.lower().removesuffix(_SUFFIX.lower()))
    if short is None:
        raise unknown_name("fingerprint after skfp:", name, classes)
    origin = f"skfp:{short}"
    with failing_as(origin, "cannot be made"):
        plugin = SkfpPlugin(short, classes[short], device, offline)
    return PluginEncoder(plugin, origin, device=plugin.device)


def fingerprint_classes() -> dict[str, type]:
    """Return the classes of scikit-fingerprints by their names without ``Fingerprint``.

    Raises
    ------
    InputError
        If it is not installed, or cannot be imported.
    """
    try:
        importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError as error:
        raise InputError(
            f"skfp: encoders are those of {PACKAGE}, which is not installed. pip install "
            "'w2s-mol[skfp]'; where its RDKit must not be yours, do so in an environment of its "
            "own, write the embeddings with 'w2s-mol embed', and give file:EMBEDDINGS.parquet."
        ) from error
    with failing_as("skfp", "cannot be imported"):
        module = importlib.import_module("skfp.fingerprints")
        base = importlib.import_module("skfp.bases").BaseFingerprintTransformer
    return {
        name.removesuffix(_SUFFIX): found
        for name, found in sorted(vars(module).items())
        if name.endswith(_SUFFIX) and isinstance(found, type) and issubclass(found, base)
    }


class SkfpPlugin:
    """One fingerprint with its default parameters, as ``encoders.plugin.EncoderPlugin`` says.

    Those of three dimensions get one conformer a molecule, which RDKit draws with a fixed seed.
    """

    def __init__(
        self, short: str, kind: type, device: str | torch.device, offline: bool = False
    ) -> None:
        self.name = f"skfp:{short}"
        self.device = "cpu"
        self._transformer: Any = kind()
        self._conformers: Any = None
        if self._transformer.requires_conformers:
            preprocessing = importlib.import_module("skfp.preprocessing")
            self._conformers = preprocessing.ConformerGenerator(random_state=_SEED)
        self.dimension = int(self._transformer.n_features_out)
        weights = ""
        if hasattr(self._transformer, "get_model"):
            self.device = place_of(device)
            self._transformer.set_params(device=self.device)
            weights = _weights_hash(self.name, self._transformer, offline)
        params = self._transformer.get_params()
        self.fingerprint = json.dumps(
            {
                "class": kind.__name__,
                "params": {key: params[key] for key in sorted(params.keys() - _NOT_CONTENT)},
                "conformers": _SEED if self._conformers else None,
                "weights": weights,
                "skfp": importlib.metadata.version(PACKAGE),
                "rdkit": rdkit.__version__,
            },
            sort_keys=True,
            default=str,
        )

    def embed(self, smiles: list[str]) -> tuple[NDArray[np.float32], NDArray[np.bool_], list[str]]:
        """Return dense float32; a molecule that its fingerprint fails on is invalid."""
        with _without_logs():
            try:
                vectors, reasons = self._transformed(smiles), [""] * len(smiles)
            except Exception as error:  # noqa: BLE001 -- any of RDKit's; what is no molecule's is raised
                # One bad molecule fails its whole batch: which one is found by asking for each.
                vectors, reasons = self._one_by_one(smiles, error)
        finite = np.isfinite(vectors)
        for row in np.flatnonzero(~finite.all(axis=1)):
            lacking = int((~finite[row]).sum())
            reasons[row] = reasons[row] or f"{lacking} of its {self.dimension} features are missing"
        return vectors, np.array([not reason for reason in reasons]), reasons

    def _transformed(self, smiles: list[str]) -> NDArray[np.float32]:
        molecules: Any = smiles
        if self._conformers is not None:
            parsed = importlib.import_module("skfp.preprocessing").MolFromSmilesTransformer()
            molecules = self._conformers.transform(parsed.transform(smiles))
        with np.errstate(all="ignore"):
            return np.asarray(self._transformer.transform(molecules)).astype(np.float32)

    def _one_by_one(
        self, smiles: list[str], failure: Exception
    ) -> tuple[NDArray[np.float32], list[str]]:
        if isinstance(failure, OSError) or means_no_memory(failure):
            raise failure  # nothing that a molecule can do
        vectors = np.full((len(smiles), self.dimension), np.nan, dtype=np.float32)
        reasons = [""] * len(smiles)
        for row, text in enumerate(smiles):
            try:
                vectors[row] = self._transformed([text])[0]
            except Exception as error:
                if isinstance(error, OSError) or means_no_memory(error):
                    raise
                reasons[row] = first_line(error)
        return vectors, reasons


def _weights_hash(name: str, transformer: Any, offline: bool) -> str:
    """Load a neural fingerprint, which fetches its weights on first use, and hash them."""
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = before or offline
    try:
        state = transformer.get_model().state_dict()
    except OSError as error:
        raise DownloadError(
            f"cannot fetch the weights of {name} from the Hugging Face hub: {first_line(error)} "
            "Check the network, or that --offline is not given."
        ) from error
    finally:
        constants.HF_HUB_OFFLINE = before
    digest = hashlib.sha256()
    for key, tensor in sorted(state.items()):
        digest.update(key.encode() + tensor.detach().cpu().numpy().tobytes())
    return digest.hexdigest()


@contextmanager
def _without_logs() -> Iterator[None]:
    """Keep what is logged of a bad molecule off the screen; its first line becomes the reason."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with rdBase.BlockLogs():
            yield
    finally:
        logging.disable(before)
