"""Finding plug-ins: by the entry points of installed packages, or in a script of one's own."""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from w2s_mol.encoders.devices import place_of
from w2s_mol.encoders.names import PLUGINS, release
from w2s_mol.encoders.plugin import PluginEncoder, failing_as
from w2s_mol.encoders.plugin_laws import broken
from w2s_mol.errors import InputError, unknown_name
from w2s_mol.files import sha256_file

if TYPE_CHECKING:
    import torch

_FORM = "Give python:MODULE:OBJECT, for example python:my_encoder:MyEncoder for my_encoder.py here."


def open_plugin(name: str, device: str | torch.device = "auto") -> PluginEncoder:
    """Return the encoder that an installed package announces by this name.

    Raises
    ------
    InputError
        If several do, or it cannot be imported, or it is no plug-in.
    """
    points = set(importlib.metadata.entry_points(group=PLUGINS, name=name))
    if len(points) > 1:
        places = " and ".join(sorted(f"{release(p)} ({p.value})" for p in points))
        raise InputError(
            f"several packages have an encoder {name!r}: {places}. Uninstall one, or give "
            "python:MODULE:OBJECT."
        )
    [point] = points
    origin = f"{name} ({release(point)})"
    with failing_as(origin, f"cannot be imported from {point.value}"):
        found = point.load()
    return _adapted(found, origin, release(point), device)


def open_python(name: str, device: str | torch.device = "auto") -> PluginEncoder:
    """Return the encoder ``MODULE:OBJECT``, whose module may lie in the current folder.

    Its fingerprint holds the hash of the module's file beside what the plug-in says.

    Raises
    ------
    InputError
        If there is no such module or object, its import fails, or it is no plug-in.
    """
    origin = f"python:{name}"
    module_name, colon, attribute = name.partition(":")
    dotted = [*module_name.split("."), *attribute.split(".")]
    if not colon or module_name.endswith(".py") or not all(map(str.isidentifier, dotted)):
        raise InputError(f"the encoder {origin!r} names no object of a module. {_FORM}")
    with _current_folder_first():
        module = _imported(module_name, origin)
        found = _attribute(module, attribute, origin)
        source = getattr(module, "__file__", None)
        version = sha256_file(Path(source)) if source and Path(source).is_file() else ""
        return _adapted(found, origin, version, device)


@contextmanager
def _current_folder_first() -> Iterator[None]:
    """Let imports look in the current folder, as ``python -m`` does, for a while."""
    here = str(Path.cwd())
    sys.path.insert(0, here)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        with suppress(ValueError):  # the script may have removed it itself
            sys.path.remove(here)


def _imported(module_name: str, origin: str) -> Any:
    with failing_as(origin, "cannot be imported"):
        try:
            return importlib.import_module(module_name)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
                raise  # one that it imports
            missing = error.name
    raise InputError(
        f"the encoder {origin!r}: there is no module {missing!r}, neither in the current folder "
        f"nor among the installed packages. {_FORM}"
    )


def _attribute(module: Any, attribute: str, origin: str) -> Any:
    try:
        return functools.reduce(getattr, attribute.split("."), module)
    except AttributeError as error:
        public = [name for name in vars(module) if not name.startswith("_")]
        raise unknown_name(f"object in {origin.rpartition(':')[0]}:", attribute, public) from error


def _adapted(found: Any, origin: str, version: str, device: str | torch.device) -> PluginEncoder:
    """Make an encoder of an instance, a class or a factory."""
    if not isinstance(found, type) and hasattr(found, "embed"):
        return PluginEncoder(found, origin, version, str(getattr(found, "device", "cpu")))
    if not callable(found):
        expected = "an encoder, its class, or a function that returns one"
        raise broken(origin, f"it is a {type(found).__name__}", expected)
    parameters = _parameters(found)
    needed = [p.name for p in parameters.values() if p.default is p.empty and _is_named(p)]
    if set(needed) - {"device"}:
        what = f"making it needs {', '.join(needed)}"
        raise broken(origin, what, "a class or function that is called with no more than a device")
    options = {"device": place_of(device)} if "device" in parameters else {}
    with failing_as(origin, "cannot be made"):
        made = found(**options)
    where = options.get("device") or str(getattr(made, "device", "cpu"))
    return PluginEncoder(made, origin, version, where)


def _is_named(parameter: inspect.Parameter) -> bool:
    return parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)


def _parameters(found: Any) -> dict[str, inspect.Parameter]:
    try:
        return dict(inspect.signature(found).parameters)
    except (TypeError, ValueError):  # some things written in C do not say
        return {}
