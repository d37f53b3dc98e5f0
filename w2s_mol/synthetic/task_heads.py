"""The heads that a synthetic experiment's settings ask for."""

from __future__ import annotations

from collections.abc import Callable

from w2s_mol.heads.linear import Array
from w2s_mol.heads.many import Descent, fit_adamw, fit_exact
from w2s_mol.synthetic.config import SyntheticConfig
from w2s_mol.synthetic.networks import generator_for


def head_fitter(
    config: SyntheticConfig, seed: int
) -> Callable[[Array, Array], Callable[[Array], Array]]:
    """Return the function that fits heads by the config's rule; shapes as in ``fit_exact``."""
    if config.head == "exact":
        return fit_exact
    how = Descent(
        config.finetuning_class,
        config.head_width,
        config.head_epochs,
        config.head_batch,
        config.head_rate,
    )
    return lambda h, y: fit_adamw(h, y, how, generator_for(seed, "heads"))
