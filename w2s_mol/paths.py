"""Where things live: what the tool keeps for its user, and what it ships."""

from __future__ import annotations

import os
from pathlib import Path

PACKAGE = Path(__file__).parent


def home() -> Path:
    """Return the folder of everything the tool keeps (``W2S_MOL_HOME``, else the user's cache)."""
    given = os.environ.get("W2S_MOL_HOME")
    if given:
        return Path(given).expanduser()
    import platformdirs

    return platformdirs.user_cache_path("w2s-mol")


def mirror() -> str | None:
    """Return the mirror folder or address set by ``W2S_MOL_MIRROR``, if any."""
    return os.environ.get("W2S_MOL_MIRROR") or None


def shipped(kind: str) -> Path:
    """Return the folder of what the project ships: ``data`` or ``checkpoints``.

    An installed wheel carries both inside the package; in a checkout they lie at its top.
    """
    inside = PACKAGE / "_shipped" / kind
    return inside if inside.is_dir() else PACKAGE.parent / kind
