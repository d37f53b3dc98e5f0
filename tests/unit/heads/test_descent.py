import numpy as np
from head_problems import problem

from w2s_mol.heads.descent import fit_adamw
from w2s_mol.heads.least_squares import fit_ols


def test_adamw_approaches_least_squares_given_time() -> None:
    made = problem(64, 4, 2)
    found = fit_adamw(*made, epochs=800, learning_rate=1e-2)
    np.testing.assert_allclose(found.predict(made.z), fit_ols(*made).predict(made.z), atol=0.05)
    assert np.isnan(found.penalties).all()


def test_adamw_is_a_function_of_its_seed_and_trains_each_column_as_if_alone() -> None:
    made = problem(64, 4, 2)
    first = fit_adamw(*made, epochs=5, seed=3).predict(made.z)
    np.testing.assert_array_equal(first, fit_adamw(*made, epochs=5, seed=3).predict(made.z))
    assert not np.array_equal(first, fit_adamw(*made, epochs=5, seed=4).predict(made.z))
    alone = fit_adamw(*made._replace(labels=made.labels[:, [1]]), epochs=5, seed=3)
    np.testing.assert_allclose(first[:, [1]], alone.predict(made.z), atol=1e-5)
