"""A number as glyph codes, correctly rounded, without Python strings."""

from __future__ import annotations

from math import floor, isinf

import numpy as np
import numpy.typing as npt

from flowdeck.compiling import helper

__all__ = ["CODES", "COMMA", "GLYPHS", "write_number"]

GLYPHS = "0123456789.,\u2212+e\u221e"
"""Glyph of each code; a code is its place here. Minus is U+2212."""
CODES = 64
"""Room for the longest figure: a sign, 19 digits, 6 commas, a point, 15 decimals."""

_POINT = 10
COMMA = 11
_MINUS = 12
_PLUS = 13
_EXPONENT = 14
_INFINITY = 15

_LARGEST = 9.0e18
"""Below this the whole part fits an int64, exactly; from here on figures are written with an exponent."""
_SPLITTER = 134217729.0
"""2^27 + 1: splits a float64 into halves whose products are exact (Dekker 1971)."""

Codes = npt.NDArray[np.int64]


@helper
def product_error(a: float, b: float, product: float) -> float:
    """What a·b is more than its rounded product, exactly (Dekker)."""
    high_a = _SPLITTER * a - (_SPLITTER * a - a)
    high_b = _SPLITTER * b - (_SPLITTER * b - b)
    low_a, low_b = a - high_a, b - high_b
    return ((high_a * high_b - product) + high_a * low_b + low_a * high_b) + low_a * low_b


@helper
def rounded(fraction: float, power: float, whole: int) -> int:
    """The fraction times a power of ten, to the nearest integer of the exact product; ties go to even, as in C.

    `whole` decides the tie where no decimals are kept.
    """
    product = fraction * power
    lower = floor(product)
    rest = product - lower
    count = int(lower)
    if rest == 0.5:
        error = product_error(fraction, power, product)
        odd = (whole if power == 1.0 else count) % 2 == 1
        return count + 1 if error > 0.0 or (error == 0.0 and odd) else count
    return count + 1 if rest > 0.5 else count


@helper
def write_integer(codes: Codes, end: int, value: int, least: int, grouped: bool) -> int:
    """Digits before `end`, at least `least` of them, with commas between thousands; where they begin."""
    written = 0
    while value > 0 or written < least:
        if grouped and written > 0 and written % 3 == 0:
            end -= 1
            codes[end] = COMMA
        end -= 1
        codes[end] = value % 10
        value //= 10
        written += 1
    return end


@helper
def write_sign(codes: Codes, end: int, negative: bool, signed: bool) -> int:
    """A minus, or the plus that was asked for."""
    if negative or signed:
        end -= 1
        codes[end] = _MINUS if negative else _PLUS
    return end


@helper
def write_plain(codes: Codes, size: float, decimals: int, grouped: bool) -> tuple[int, bool]:
    """A size below `_LARGEST`; where it begins, and whether it is zero as written."""
    power = 10.0**decimals
    whole = int(size)
    part = rounded(size - whole, power, whole)
    if part >= int(power):
        part, whole = 0, whole + 1
    end = CODES
    if decimals > 0:
        end = write_integer(codes, end, part, decimals, grouped=False)
        end -= 1
        codes[end] = _POINT
    return write_integer(codes, end, whole, 1, grouped), whole == 0 and part == 0


@helper
def write_exponent(codes: Codes, size: float) -> int:
    """A size from `_LARGEST` up as `1.23e19`; where it begins."""
    power = floor(np.log10(size))
    mantissa = size / 10.0**power
    if mantissa < 1.0:
        power -= 1
        mantissa *= 10.0
    hundredths = floor(mantissa * 100.0 + 0.5)
    if hundredths >= 1000:
        power += 1
        hundredths //= 10
    end = write_integer(codes, CODES, power, 1, grouped=False) - 1
    codes[end] = _EXPONENT
    end = write_integer(codes, end, hundredths % 100, 2, grouped=False) - 1
    codes[end] = _POINT
    return write_integer(codes, end, hundredths // 100, 1, grouped=False)


@helper
def write_number(codes: Codes, value: float, decimals: int, signed: bool, grouped: bool) -> int:
    """Write a number that is not NaN into the end of `codes`; where it begins. Zero as written has no sign."""
    size = abs(value)
    if isinf(size):
        codes[CODES - 1] = _INFINITY
        return write_sign(codes, CODES - 1, value < 0.0, signed)
    if size >= _LARGEST:
        return write_sign(codes, write_exponent(codes, size), value < 0.0, signed)
    end, zero = write_plain(codes, size, min(max(decimals, 0), 15), grouped)
    return end if zero else write_sign(codes, end, value < 0.0, signed)
