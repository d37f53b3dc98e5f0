"""Numbers as a reader sees them: three significant digits or more at any scale."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

UNDEFINED = "n/a"
_ROUNDING = 1e-12
_NOT_ZERO = re.compile("[1-9]")
_LEAST, _MOST = 1e-4, 1e5
"""Between these a number is written out; beyond, with an exponent."""


def counted(numbers: Iterable[float]) -> str:
    """Return a whole number, or the least and the most of several.

    Examples
    --------
    >>> counted([2140, 1200, 2140])
    '1,200 to 2,140'
    """
    few, *_, many = sorted([*numbers] * 2)
    return f"{few:,.0f}" if few == many else f"{few:,.0f} to {many:,.0f}"


def signed(value: float) -> str:
    """Return a slope or correlation with its sign.

    Examples
    --------
    >>> signed(0.5), signed(math.nan)
    ('+0.50', 'undefined')
    """
    return "undefined" if math.isnan(value) else f"{value:+.2f}"


class Written(str):
    """A number as a reader sees it, which still knows all of itself.

    Attributes
    ----------
    value
        What a column of such numbers is sorted by.
    exact
        The number with what stands beside it, in ten digits.

    Examples
    --------
    >>> written = Form(2).with_interval(1 / 3, 0.25, 0.5)
    >>> written, written.value, written.exact
    ('0.33 [0.25, 0.50]', 0.3333333333333333, '0.3333333333 [0.25, 0.5]')
    """

    __slots__ = ("exact", "value")
    value: float
    exact: str

    @classmethod
    def of(cls, text: str, value: float, exact: str) -> Written:
        """Return a text that knows its number."""
        written = cls(text)
        written.value, written.exact = float(value), exact
        return written


def _exact(value: float) -> str:
    return f"{value:.10g}"


@dataclass(frozen=True)
class Form:
    """How numbers that stand together are written.

    Attributes
    ----------
    decimals
        Behind the point.
    exponent
        Of the power of ten that all of them are given in; None where they are written out.
    rounding
        What is smaller than this beside the largest of them counts as zero.
    """

    decimals: int = 4
    exponent: int | None = None
    rounding: float = 0.0

    @classmethod
    def of(cls, values: Iterable[float], decimals: int = 4, significant: int = 3) -> Form:
        """Return the form in which the largest of some numbers has so many significant digits.

        Parameters
        ----------
        values
            Those that stand in one column, or are compared; what is not finite does not count.
        decimals
            How many there are at ordinary scales.
        significant
            Digits that the largest has at least, whatever its scale.

        Examples
        --------
        >>> Form.of([0.31, 0.002]).number(0.31)
        '0.3100'
        >>> Form.of([0.0031]).number(0.0031)
        '0.00310'
        >>> Form.of([3.1e-14]).number(3.1e-14)
        '3.100e-14'
        """
        sizes = [abs(value) for value in values if math.isfinite(value)]
        largest = max(sizes, default=0.0)
        if largest == 0.0:
            return cls(decimals)
        exponent = math.floor(math.log10(largest))
        rounding = largest * _ROUNDING
        if _LEAST <= largest < _MOST:
            return cls(max(decimals, significant - 1 - exponent), None, rounding)
        # What divides must be a float itself.
        return cls(3, max(exponent, -300), rounding)

    @classmethod
    def brief(cls, values: Iterable[float], digits: int = 3) -> Form:
        """Return the form in which most of some numbers have so many significant digits.

        Seven of eight have: one that is far smaller than the rest does not fill a column with
        digits that say nothing of the others.

        Examples
        --------
        >>> Form.brief([0.0576, 0.061, 0.5304]).number(0.5304)
        '0.5304'
        >>> Form.brief([9.31, 24.872]).number(24.872)
        '24.87'
        """
        sizes = sorted(abs(value) for value in values if math.isfinite(value) and value)
        form = cls.of(sizes, decimals=0, significant=digits)
        if not sizes or form.exponent is not None:
            return form
        decimals = digits - 1 - math.floor(math.log10(sizes[len(sizes) // 8]))
        # Beside a number that is large, more than two digits more are of no use.
        return replace(form, decimals=max(0, min(decimals, form.decimals + 2)))

    def number(self, value: float) -> str:
        """Return a number; n/a where it is undefined."""
        if math.isnan(value):
            return UNDEFINED
        return Written.of(self._number(value), value, _exact(value))

    def _number(self, value: float) -> str:
        if math.isinf(value):
            return f"{value:f}"
        mantissa = self._mantissa(value)
        # One that is far smaller than its neighbours must not be told as zero.
        if abs(value) > self.rounding and not _NOT_ZERO.search(mantissa):
            return f"{value:.3e}"
        return mantissa if self.exponent is None else f"{mantissa}e{self.exponent:+03d}"

    def plus_minus(self, mean: float, std: float) -> str:
        """Return ``mean ± std``; the mean alone where there is no spread."""
        if not (math.isfinite(mean) and math.isfinite(std)):
            return self.number(mean)
        if self.exponent is None:
            text = f"{self.number(mean)} ± {self.number(std)}"
        else:
            text = f"({self._mantissa(mean)} ± {self._mantissa(std)})e{self.exponent:+03d}"
        return Written.of(text, mean, f"{_exact(mean)} ± {_exact(std)}")

    def interval(self, low: float, high: float) -> str:
        """Return ``[low, high]``; n/a where it is undefined."""
        return UNDEFINED if math.isnan(low) else self._interval(low, high)

    def _interval(self, low: float, high: float) -> Written:
        text = f"[{self.number(low)}, {self.number(high)}]"
        return Written.of(text, low, f"[{_exact(low)}, {_exact(high)}]")

    def with_interval(self, estimate: float, low: float, high: float) -> str:
        """Return ``estimate [low, high]``; the estimate alone where there is no interval."""
        if math.isnan(estimate) or math.isnan(low):
            return self.number(estimate)
        beside = self._interval(low, high)
        text = f"{self.number(estimate)} {beside}"
        return Written.of(text, estimate, f"{_exact(estimate)} {beside.exact}")

    def _mantissa(self, value: float) -> str:
        return f"{value / 10.0 ** (self.exponent or 0):.{self.decimals}f}"
