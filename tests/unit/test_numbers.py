"""Numbers at any scale have three significant digits, and ordinary ones four decimals."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2s_mol.numbers import Form


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([0.0292, 0.0085, 12.0], ["0.0292", "0.0085", "12.0000"]),
        ([0.0], ["0.0000"]),
        ([0.00345, 1e-9, 1e-18], ["0.00345", "1.000e-09", "0.00000"]),
        ([0.31, 1e8], ["3.100e-01", "1.000e+08"]),
        ([1.234e-14, -5e-16], ["1.234e-14", "-0.050e-14"]),
        ([1.5e8, 2e7], ["1.500e+08", "0.200e+08"]),
        ([math.nan, math.inf, -math.inf], ["n/a", "inf", "-inf"]),
        ([math.inf, 1e-20], ["inf", "1.000e-20"]),
        ([], []),
    ],
)
def test_numbers_that_stand_together_have_one_form(values: list, texts: list) -> None:
    form = Form.of(values)
    assert [form.number(value) for value in values] == texts


@pytest.mark.parametrize(
    ("mean", "std", "text"),
    [
        (1.23456, 0.1, "1.2346 ± 0.1000"),
        (1.23456, math.nan, "1.2346"),
        (1.2e-14, 3e-16, "(1.200 ± 0.030)e-14"),
        (1.2e-14, math.nan, "1.200e-14"),
        (math.inf, 0.1, "inf"),
    ],
)
def test_a_mean_and_its_spread_share_their_form(mean: float, std: float, text: str) -> None:
    assert Form.of([mean]).plus_minus(mean, std) == text


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ((0.1234, -0.5, 1.0), "0.123 [-0.500, 1.000]"),
        ((0.1234, math.nan, math.nan), "0.123"),
        ((math.nan, 0.0, 1.0), "n/a"),
        ((1e-12, -1e-12, 3e-12), "1.000e-12 [-1.000e-12, 3.000e-12]"),
    ],
)
def test_an_estimate_with_its_interval(values: tuple, text: str) -> None:
    assert Form.of(values, 3).with_interval(*values) == text


@given(st.floats(-1e300, 1e300).filter(lambda value: value == 0 or abs(value) > 1e-290))
def test_a_number_alone_is_printed_to_three_digits_at_any_scale(value: float) -> None:
    printed = float(Form.of([value]).number(value))
    assert printed == pytest.approx(value, rel=5.1e-3)
