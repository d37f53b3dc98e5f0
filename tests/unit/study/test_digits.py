import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from w2s_mol.study.digits import without_rounding

numbers = st.floats(-1e300, 1e300, allow_subnormal=False)


@given(arrays(np.float64, st.tuples(st.integers(0, 5), st.integers(1, 3)), elements=numbers))
def test_thirteen_digits_are_kept_and_keeping_them_again_changes_nothing(
    values: np.ndarray,
) -> None:
    before = values.copy()
    found = without_rounding(values)
    np.testing.assert_array_equal(values, before)
    np.testing.assert_allclose(found, values, rtol=2.0**-45, atol=0)
    np.testing.assert_array_equal(without_rounding(found), found)
    assert not (found.view(np.uint64) & np.uint64(255)).any()


def test_what_is_no_number_stays_what_it_is_and_views_are_taken() -> None:
    values = np.array([[np.nan, 1.0], [np.inf, 2.0], [-np.inf, 0.0], [np.nan, -0.5]])
    np.testing.assert_array_equal(without_rounding(values), values)
    np.testing.assert_array_equal(without_rounding(values[::2, ::-1]), values[::2, ::-1])
