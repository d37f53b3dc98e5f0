import numpy as np
import pytest

from w2s_mol.heads.many import Descent, fit_adamw, fit_exact
from w2s_mol.synthetic.config import SyntheticConfig
from w2s_mol.synthetic.networks import generator_for
from w2s_mol.synthetic.task_heads import head_fitter

ADAMW = SyntheticConfig(head="adamw", head_epochs=5, head_rate=1e-2)
MLP = SyntheticConfig(head="mlp", head_epochs=5, head_rate=1e-2, head_width=8)


def problem(m: int = 3, n: int = 40, d: int = 6):
    """Features and labels of training, and features of other samples."""
    generator = np.random.default_rng(0)
    h = generator.normal(size=(m, n + 15, d))
    y = np.einsum("mnd,md->mn", h, generator.normal(size=(m, d))) + 7
    return h[:, :n], y[:, :n], h[:, n:]


@pytest.mark.parametrize(("rule", "config"), [("adamw", ADAMW), ("mlp", MLP)])
def test_descent_is_chosen_by_name(rule: str, config: SyntheticConfig) -> None:
    h, y, new = problem()
    assert config.head == rule
    how = Descent(
        "mlp" if rule == "mlp" else "linear",
        config.head_width,
        config.head_epochs,
        config.head_batch,
        config.head_rate,
    )
    expected = fit_adamw(h, y, how, generator_for(5, "heads"))(new)
    np.testing.assert_array_equal(head_fitter(config, 5)(h, y)(new), expected)


def test_the_exact_rule_knows_no_seed() -> None:
    h, y, new = problem()
    for seed in (0, 1):
        found = head_fitter(SyntheticConfig(head="exact"), seed)(h, y)(new)
        np.testing.assert_array_equal(found, fit_exact(h, y)(new))
