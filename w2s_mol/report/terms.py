"""The words of a page that its glossary explains: links at their first place in a section."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

from w2s_mol.glossary import GLOSSARY

_TERM = re.compile(
    # Within names (strong-h256, slack_epsilon) a word is no word.
    r"(?<![\w-])(" + "|".join(sorted(GLOSSARY, key=len, reverse=True)) + r")(?=s?(?![\w-]))",
    re.IGNORECASE,
)


def anchor(term: str) -> str:
    """Return the id of a term's line in the glossary."""
    return f"term-{term.replace(' ', '-')}"


def explained(text: str) -> str:
    """Return what the glossary says of the terms in a text, for whoever points at it."""
    found = dict.fromkeys(match[1].lower() for match in _TERM.finditer(text))
    return " ".join(f"{term}: {GLOSSARY[term]}" for term in found)


class Terms:
    """Links terms where a section says them first."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def fresh(self) -> str:
        """Begin a section."""
        self._said.clear()
        return ""

    def linked(self, text: str) -> Markup:
        """Return a text with links to the glossary."""
        parts, end = [], 0
        for match in _TERM.finditer(text):
            term = match[1].lower()
            if term in self._said:
                continue
            self._said.add(term)
            parts.append(escape(text[end : match.start()]))
            parts.append(
                Markup('<a class="term" href="#{}" title="{}">{}</a>').format(
                    anchor(term), GLOSSARY[term], match[1]
                )
            )
            end = match.end()
        return Markup("").join([*parts, escape(text[end:])])
