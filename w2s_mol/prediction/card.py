"""The model card of a fitted model; the same facts give the same text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from w2s_mol.items.molecules import Molecules
from w2s_mol.items.registry import items_called
from w2s_mol.items.texts import Texts
from w2s_mol.supervisors.names import columns_of
from w2s_mol.uses.registry import USES, WEAK

_READ = {
    Molecules.name: ("SMILES", '["CCO", "c1ccccc1"]'),
    Texts.name: ("plain texts", '["A text.", "Another."]'),
}
"""What a model predicts from, and two of these in Python, by the name of items."""


def card_text(use: str, facts: Mapping[str, Any]) -> str:
    """Return the card of a model.

    Parameters
    ----------
    use
        What is made of the supervisor's labels.
    facts
        As ``fit`` gathers them.
    """
    items = items_called(facts.get("items", Molecules.name))
    read_from, two = _READ[items.name]
    errors = "\n".join(
        f"| {name} | {_number(of['valid'])} | {_number(of['test'])} |"
        for name, of in facts["errors"].items()
    )
    penalties = ", ".join(f"{name} {value:g}" for name, value in facts["chosen"].items())
    names = facts.get("taken") or [facts["weak"]]
    taken = f" ({' + '.join(facts['taken'])})" if facts.get("taken") else ""
    read = columns_of(names) if use == WEAK or USES[use].reads_weak else []
    columns = f", columns={{{read[0]!r}: [1.0, 2.0]}}" if read else ""
    return f"""# {facts["dataset"]}, by w2s-mol

Predicts {_label(facts)} from {read_from}.

| how it was made | |
| --- | --- |
| use | {use}: {facts["what"]} |
| supervisor | {facts["weak"]}{taken}, sha256 `{facts["weak_sha256"]}` |
| strong encoder | {facts["strong"]}, sha256 `{facts["strong_sha256"]}` |
| data | {facts["dataset"]}, sha256 `{facts["dataset_sha256"]}` |
| {items.name} | {facts["molecules"]:,}, {facts["labelled"]:,} of them with a label |
| heads | {facts["head"]}; {penalties or "nothing was chosen"} |
| study | `{facts["study"]}`, protocol {facts["protocol"]}, labels {facts["labels"]} |

It learnt from all {items.name} of the data, train, validation and test alike. Nothing was chosen
on them: penalties and weights are the medians of those that the study's {facts["splits"]} splits
chose on their validation parts.

## Errors in the study

Mean {facts["error"]} over splits, in {facts["error_unit"]}, of models that learnt from the train
part alone. This model has seen all of these {items.name}: it has no error of its own.

| use | validation | test |
| --- | ---: | ---: |
{errors}

{_reach(facts["half_width"], facts["classes"], items.name)}

## Limits

- Of {items.name} unlike the data nothing is known; `w2s-mol predict` says how far a
  {items.one} is.
- The supervisor and the use were picked on validation, so that its column flatters them a little.
- It predicts with the encoders of these hashes alone, and refuses others.

```python
import w2s_mol

w2s_mol.load_model("FOLDER").predict({two}{columns})
```
"""


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _label(facts: Mapping[str, Any]) -> str:
    classes = facts["classes"]
    if classes is None:
        return f"the label of `{facts['dataset']}` (in {facts['unit']})"
    zero, one = classes
    return (
        f"the probability that the label of `{facts['dataset']}` is `{one}` (class 1) and not "
        f"`{zero}` (class 0)"
    )


def _reach(half: float | None, classes: Sequence[str] | None, items: str) -> str:
    if half is None:
        return f"The run had too few validation {items} for an interval."
    if classes is None:
        return (
            f"In the run, 90 % of validation {items} lay within {half:.4g} of the prediction of "
            "their split's model."
        )
    return (
        f"In the run, the class (0 or 1) of 90 % of validation {items} lay within {half:.4g} of "
        "the probability that their split's model gave; of the rarer class alone it can be far "
        "fewer."
    )
