"""In what the run that a folder holds is another than the one asked for, in words."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

_MOST_SAID = 3
_NOT_INPUTS = {"kind", "format", "config", "notes", "asked"}
_SAID_OF_INPUTS = {"exposure", "pretraining"}


def difference(theirs: dict[str, Any], ours: dict[str, Any], chosen: Iterable[str]) -> str:
    """Say in what the run of a manifest is another.

    Parameters
    ----------
    theirs, ours
        Manifests.
    chosen
        The names of those of our settings that are not the defaults.
    """
    if theirs["kind"] != ours["kind"]:
        return f"this is a {ours['kind']} run"
    found = []
    if theirs.get("format") != ours["format"]:
        found.append(
            f"made by w2s-mol {theirs['w2s_mol']}, whose results are of another format than this "
            "version's"
        )
    settings = _settings(theirs["config"], ours["config"], chosen)
    # A path may differ where the content is the same: it is the content that counts.
    found += settings or list(_inputs(theirs, ours))
    return "; ".join(found[:_MOST_SAID]) or "what it was made from has another content"


def _settings(theirs: dict[str, Any], ours: dict[str, Any], chosen: Iterable[str]) -> list[str]:
    both = [name for name in theirs if name in ours]
    found = [f"its {n} is {theirs[n]}, not {ours[n]}" for n in both if theirs[n] != ours[n]]
    # An option that an older version did not have was at its default.
    found += [f"its {n} is not given, not {ours[n]}" for n in chosen if n not in theirs]
    return found + [
        f"its {name} is {theirs[name]}, not left out" for name in theirs if name not in ours
    ]


def _inputs(theirs: dict[str, Any], ours: dict[str, Any], where: str = "") -> Iterable[str]:
    """Name what was made from another content, as far as both manifests say it."""
    for name, value in ours.items():
        mine, other = _numbered(value), _numbered(theirs.get(name))
        if (not where and name in _NOT_INPUTS) or name in _SAID_OF_INPUTS or mine == other:
            continue
        if isinstance(mine, dict) and isinstance(other, dict):
            yield from _inputs(other, mine, f"{where}{name} ")
        else:
            yield f"its {where}{name} is {_brief(other)}, not {_brief(mine)}"


def _numbered(value: Any) -> Any:
    return dict(enumerate(value)) if isinstance(value, list) else value


def _brief(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:60]}..."
