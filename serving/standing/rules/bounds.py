"""Bounds of a share, exact: comparisons use integers and fractions, so that 90 % is enough and 89.99 % is not.

Two kinds: the exact binomial bound (Clopper and Pearson, Biometrika 26, 1934), by which audits prove a level, and
Wilson's interval (JASA 22, 1927): a record whose interval lies beyond a limit has broken it, and not by chance.
"""

from bisect import bisect_left
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import comb


@lru_cache(maxsize=4_096)
def is_proven(wrong: int, audited: int, limit: Decimal, confidence: Decimal) -> bool:
    """Whether so few wrong audits prove that the wrong share is at most `limit`.

    True where a brand with exactly that share would have so few with a chance of at most 1 - `confidence`.

    >>> [is_proven(0, n, Decimal("0.10"), Decimal("0.95")) for n in (28, 29)]
    [False, True]
    """
    share = Fraction(limit)
    part, whole = share.numerator, share.denominator
    ways = sum(comb(audited, n) * part**n * (whole - part) ** (audited - n) for n in range(min(wrong, audited) + 1))
    return bool(ways <= (1 - Fraction(confidence)) * whole**audited)


@lru_cache(maxsize=512)
def audits_needed(wrong: int, limit: Decimal, confidence: Decimal) -> int:
    """The fewest audits that prove a wrong share of at most `limit` if so many of them are wrong.

    >>> [audits_needed(wrong, Decimal("0.10"), Decimal("0.95")) for wrong in range(4)]
    [29, 46, 61, 76]
    """
    too_few, enough = wrong, wrong + 1
    while not is_proven(wrong, enough, limit, confidence):
        too_few, enough = enough, 2 * enough
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        too_few, enough = (too_few, middle) if is_proven(wrong, middle, limit, confidence) else (middle, enough)
    return enough


def proven_right_share(wrong: int, audited: int, confidence: Decimal) -> Decimal:
    """The highest right share, in whole thousandths, that so many audits prove; 0 where they prove none.

    >>> proven_right_share(1, 46, Decimal("0.95"))
    Decimal('0.900')
    """
    share = bisect_left(
        range(1, 1_000), True, key=lambda part: is_proven(wrong, audited, Decimal(part).scaleb(-3), confidence)
    )
    return Decimal(999 - share).scaleb(-3)


def surely_above(part: int, whole: int, limit: Decimal, z: Decimal) -> bool:
    """Whether the whole of Wilson's interval lies above a limit; False where `whole` is 0.

    The ends of the interval satisfy (share - limit)² = z² · limit · (1 - limit) / whole. This form needs no square
    root, so the result is exact.
    """
    return bool(whole) and _share_minus_limit(part, whole, limit) > 0 and _is_beyond_chance(part, whole, limit, z)


def surely_below(part: int, whole: int, limit: Decimal, z: Decimal) -> bool:
    """Whether the whole of Wilson's interval lies below a limit; False where `whole` is 0."""
    return bool(whole) and _share_minus_limit(part, whole, limit) < 0 and _is_beyond_chance(part, whole, limit, z)


def _share_minus_limit(part: int, whole: int, limit: Decimal) -> Fraction:
    return Fraction(part, whole) - Fraction(limit)


def _is_beyond_chance(part: int, whole: int, limit: Decimal, z: Decimal) -> bool:
    reach = Fraction(z) ** 2 * Fraction(limit) * (1 - Fraction(limit))
    return whole * _share_minus_limit(part, whole, limit) ** 2 > reach
