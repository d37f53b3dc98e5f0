import re

import pytest

from w2s_mol.glossary import GLOSSARY
from w2s_mol.report.terms import Terms, anchor, explained


def linked(text: str) -> list[str]:
    return re.findall(r'href="#([^"]+)"', Terms().linked(text))


@pytest.mark.parametrize("term", GLOSSARY)
def test_every_term_is_linked_to_its_line(term: str) -> None:
    assert linked(f"The {term}s differ.") == linked(term.upper()) == [anchor(term)]


@pytest.mark.parametrize("text", ["strong-head", "slack_epsilon", "ahead", "directly", "gains2"])
def test_a_word_within_a_name_is_none(text: str) -> None:
    assert linked(text) == []


def test_a_term_is_linked_where_a_section_says_it_first() -> None:
    terms = Terms()
    assert terms.linked("gain, gain").count("<a ") == 1
    assert "<a " not in terms.linked("gain")
    terms.fresh()
    assert "<a " in terms.linked("gain")


def test_what_is_around_a_term_is_text_and_never_markup() -> None:
    found = Terms().linked("<b>gain</b> & more")
    assert found.startswith("&lt;b&gt;<a ")
    assert found.endswith("</a>&lt;/b&gt; &amp; more")


def test_the_head_of_a_column_is_explained_by_the_terms_it_names() -> None:
    assert explained("weak error - misfit (test)") == (
        f"weak error: {GLOSSARY['weak error']} misfit: {GLOSSARY['misfit']}"
    )
    assert explained("Spearman") == ""


def test_every_entry_of_the_glossary_is_a_line() -> None:
    for word, what in GLOSSARY.items():
        assert word == word.lower()
        assert "\n" not in what
        assert len(what) < 100
        assert what.endswith(".")
