"""What a setting is to whoever gives it on the command line; it stands beside the setting's type.

``Annotated[int, Range(1, 5), Option(help="...")]``: the type and the range are held to by
``settings_check``, the option is made by ``cli.declared``. Imports nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Option:
    """How an option is spelt and explained.

    Attributes
    ----------
    help
        What the help says of it.
    panel
        The heading of the help that it stands under, if not with the verb's other options.
    metavar
        What stands for its value in the help; by default its type or its choices.
    long, short
        Its spellings: ``long`` where it is not the setting's own name, ``short`` as in ``-d``.
    envvar
        The environment variable that it is taken from where it is not given.
    means
        What its text is; a path in a TOML file is seen from that file's folder. What may be a
        path is one if there is a file, and no name of ours is spelt like it.
    completes
        Of what a shell offers the names that begin with what is typed.
    """

    help: str = ""
    panel: str | None = None
    metavar: str | None = None
    long: str | None = None
    short: str | None = None
    envvar: str | None = None
    means: Literal["text", "path", "name or path"] = "text"
    completes: Literal["", "encoders", "datasets", "runs"] = ""

    def spellings(self, name: str) -> list[str]:
        """Return how the option of a setting is written.

        Examples
        --------
        >>> Option(short="-x").spellings("max_atoms")
        ['--max-atoms', '-x']
        """
        long = self.long or f"--{name.replace('_', '-')}"
        return [long, self.short] if self.short else [long]

    def words(self, name: str, value: object) -> list[str]:
        """Return how a setting is given on the command line, word by word.

        Examples
        --------
        >>> Option().words("max_atoms", 9), Option().words("weak", ("a", "b"))
        (['--max-atoms', '9'], ['--weak', 'a', '--weak', 'b'])
        >>> Option().words("offline", True), Option().words("offline", False)
        (['--offline'], [])
        """
        long, *_ = self.spellings(name)
        if isinstance(value, bool):
            return [long] * value
        values = value if isinstance(value, list | tuple) else (value,)
        return [word for one in values for word in (long, str(one))]
