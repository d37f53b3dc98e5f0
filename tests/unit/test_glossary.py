import re

import pytest

from w2s_mol.glossary import GLOSSARY


@pytest.mark.parametrize("word", GLOSSARY)
def test_a_word_is_explained_in_one_sentence_of_a_line(word: str) -> None:
    assert "\n" not in GLOSSARY[word]
    assert GLOSSARY[word].endswith(".")
    assert len(GLOSSARY[word]) < 200


@pytest.mark.parametrize("word", ["bound", "true error", "gain", "regret", "pick", "oracle"])
def test_the_words_that_select_prints_are_explained(word: str) -> None:
    named = {one for entry in GLOSSARY for one in re.split(r", | and ", entry)}
    assert word in named
