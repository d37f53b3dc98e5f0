"""Reading pickles of others: nothing they name is run, and nothing they ask for is taken on trust.

A pickle is a program: it calls what it names, sets attributes of what it made, and may ask for any
amount of memory in nine bytes. Subclasses say which names mean what; here is what no file may do.
"""

from __future__ import annotations

import pickle
import pickletools
from typing import IO, Any, ClassVar

_Python: Any = pickle._Unpickler  # noqa: SLF001
_MOST_STEPS = 2_000_000
_MOST_MEMO = 20_000_000
_MOST_COPIED = 2_000_000
_PLAIN = (str, bytes, int, float, bool, type(None))


def check_steps(data: IO[bytes]) -> None:
    """Read through a pickle without carrying it out, and leave the file where it began.

    Raises
    ------
    ValueError
        If it asks for more than the file holds, or for more steps or places than any real one.
    """
    start = data.tell()
    for number, (operation, argument, _place) in enumerate(pickletools.genops(data)):
        if number > _MOST_STEPS:
            raise ValueError(f"it has more than {_MOST_STEPS:,} steps")
        if "PUT" in operation.name and argument is not None and int(argument) > _MOST_MEMO:
            raise ValueError(f"it asks for {int(argument):,} places in its memo")
        if operation.name == "FRAME" and int(argument or 0) > _left(data):
            raise ValueError("a frame reaches past its end")
    data.seek(start)


def _left(data: IO[bytes]) -> int:
    here = data.tell()
    end = data.seek(0, 2) or data.tell()
    data.seek(here)
    return end - here


class InertUnpickler(_Python):
    """Python's own unpickler, in Python, so that its steps can be told what they may touch."""

    dispatch: ClassVar[dict[int, Any]] = dict(_Python.dispatch)

    stack: list[Any]
    append: Any
    pop_mark: Any

    _copied = 0

    def copied(self, items: Any) -> None:
        """Count what is copied: five bytes can ask for a copy of everything read so far."""
        self._copied += len(items) if isinstance(items, dict | list | tuple) else 0
        if self._copied > _MOST_COPIED:
            raise pickle.UnpicklingError(f"it copies more than {_MOST_COPIED:,} items")

    def may_be_built(self, made: Any) -> bool:
        """Say whether a pickle may set the state of something: of stand-ins it made, no more."""
        raise NotImplementedError

    def load_build(self) -> None:
        """Hand a state to a stand-in. Anything else is shared with the next file that is read."""
        state = self.stack.pop()
        made = self.stack[-1]
        if not self.may_be_built(made):
            raise pickle.UnpicklingError(f"it changes a {type(made).__name__}")
        self.copied(state)
        made.__setstate__(state)

    dispatch[pickle.BUILD[0]] = load_build

    def load_setitem(self) -> None:
        """Set one item, under a plain key."""
        value = self.stack.pop()
        key = plain_key(self.stack.pop())
        self.stack[-1][key] = value

    dispatch[pickle.SETITEM[0]] = load_setitem

    def load_setitems(self) -> None:
        """Set several items, under plain keys."""
        items = self.pop_mark()
        for place in range(0, len(items), 2):
            self.stack[-1][plain_key(items[place])] = items[place + 1]

    dispatch[pickle.SETITEMS[0]] = load_setitems

    def load_dict(self) -> None:
        """Make a dict with plain keys."""
        items = self.pop_mark()
        pairs = range(0, len(items), 2)
        self.append({plain_key(items[place]): items[place + 1] for place in pairs})

    dispatch[pickle.DICT[0]] = load_dict

    def load_additems(self) -> None:
        """Add plain items to a set."""
        items = self.pop_mark()
        for item in items:
            self.stack[-1].add(plain_key(item))

    dispatch[pickle.ADDITEMS[0]] = load_additems

    def load_frozenset(self) -> None:
        """Make a set of plain items."""
        self.append(frozenset(map(plain_key, self.pop_mark())))

    dispatch[pickle.FROZENSET[0]] = load_frozenset


def plain_key(key: Any) -> Any:
    """Return a key that is hashed without recursion, which a nested one could drive too deep."""
    if not isinstance(key, _PLAIN):
        raise pickle.UnpicklingError(f"it uses a {type(key).__name__} as a key")
    return key
