"""The words that tables, figures and messages use, one line each: report and docs show these."""

from __future__ import annotations

GLOSSARY: dict[str, str] = {
    "encoder": "What turns a molecule into a vector: a neural net, a fingerprint, a file.",
    "supervisor": "The weak model: whoever gives the labels that a student learns from.",
    "student": "The strong model, fitted to the supervisor's labels; in the paper, to no true one.",
    "head": "The small model on an encoder's vectors, linear as a rule, that is fitted to labels.",
    "weak error": "How far the supervisor is from the true labels: a mean over molecules.",
    "true error": "How far the student is from the true labels; no rule for choosing sees it.",
    "misfit": "How far the student is from its supervisor; it needs no true label.",
    "gain": "Weak error - true error: above zero, the student is better than its supervisor.",
    "slack": "Gain - misfit: not below zero exactly where Theorem 1's inequality holds.",
    "bound": "Weak error - misfit: what the paper's rule ranks supervisors by, smallest first.",
    "ceiling": "The strong encoder fitted to all true labels of the molecules a student learns from.",
    "direct": "The strong encoder fitted to the very true labels that the supervisor had.",
    "budget": "How many true labels the supervisors have, and all that is compared with them.",
    "uses": "What is made of weak labels: stack (a feature), delta (mended), both (more labels).",
    "pick": "The supervisor that a rule chooses, seeing no true error: the first in its order.",
    "oracle": "The supervisor with the least true error on test, which no rule can know.",
    "regret": "True error of a rule's pick - that of the oracle: what choosing by the rule costs.",
    "established": "Of a difference: its 95 % interval leaves out zero.",
}
"""A word, and what it means here."""
