"""A reference implementation of good-faith standing, independent of the rule, and random histories to test it."""

import random
from datetime import timedelta
from decimal import Decimal, localcontext
from functools import cache
from math import comb, sqrt
from typing import Final

from models.verdict import Evidence, Judgement, ReasonCode
from serving.standing.rules.record import Audit, Record, Reversal, StoodRemovals
from serving.standing.rules.standing import Level, StoredLevel
from tests.fixtures.clocks import NOW

_UPWARDS: Final = (Level.PROVISIONAL, Level.FULL, Level.SIGNED_VOLUME, Level.SELF_SERVICE)
_WRONG_SHARE: Final = {Level.FULL: "0.1", Level.SIGNED_VOLUME: "0.05", Level.SELF_SERVICE: "0.02"}
_MONDAY: Final = NOW.replace(hour=0)
_CODES: Final = (ReasonCode.TRADEMARK_COUNTERFEIT, ReasonCode.DESIGN)


@cache
def _chance_of_so_few(wrong: int, n: int, share: str) -> Decimal:
    with localcontext(prec=40):
        p = Decimal(share)
        return sum((comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(wrong + 1)), Decimal(0))


def _ends(part: int, n: int) -> tuple[float, float]:
    p, z = part / n, 1.96
    root = z * sqrt(p * (1 - p) / n + (z / (2 * n)) ** 2)
    return (p + z * z / (2 * n) - root) / (1 + z * z / n), (p + z * z / (2 * n) + root) / (1 + z * z / n)


def _is_surely_wrong(audits: list[Audit], least_right: float) -> bool:
    for days in (90, 30):
        recent = [audit.is_right for audit in audits if NOW - audit.at < timedelta(days=days) and audit.at <= NOW]
        right, wrong = recent.count(True), recent.count(False)
        if wrong >= 3 and _ends(right, right + wrong)[1] < least_right:
            return True
    return False


def _numbers(record: Record, days: int) -> tuple[int, int, int]:
    """Stood, overturned, undefended."""
    after = NOW - timedelta(days=days)
    reversals = [reversal for reversal in record.reversals if reversal.at > after]
    clusters = {reversal.silent_cluster for reversal in reversals if reversal.silent_cluster is not None}
    overturned = sum(reversal.silent_cluster is None for reversal in reversals)
    return sum(stood.number for stood in record.stood if stood.day > after.date()), overturned, len(clusters)


def _is_broken(record: Record) -> bool:
    if _is_surely_wrong([*record.audits], 0.9):
        return True
    for days, least in ((90, 3), (30, 6)):
        stood, overturned, undefended = _numbers(record, days)
        if overturned >= least and _ends(overturned, stood + overturned + undefended)[0] > 0.05:
            return True
    return False


def _parts(record: Record) -> dict[ReasonCode, Record]:
    return {
        code: Record(
            tuple(audit for audit in record.audits if audit.reason_code is code),
            tuple(reversal for reversal in record.reversals if reversal.reason_code is code),
            tuple(stood for stood in record.stood if stood.reason_code is code),
        )
        for code in _CODES
    }


def reference(record: Record, level_before: Level, age: float) -> tuple[Level, set[ReasonCode]]:
    """The level now, and the reason codes that are closed; `age` is that of the level before in days."""
    broken = _is_broken(record)
    closed = {code for code, part in _parts(record).items() if _is_broken(part)}
    if level_before not in _UPWARDS:
        if level_before is Level.CAPPED and (broken or closed):
            return Level.SUSPENDED, set()
        back = age >= 90 and not broken
        return (Level.PROVISIONAL, closed) if back else (level_before, set())
    if broken:
        return Level.CAPPED, set()
    stood, overturned, undefended = _numbers(record, 90)
    if undefended >= 3 and _ends(undefended, stood + overturned + undefended)[0] > 0.1:
        return Level.PROVISIONAL, closed
    if level_before is Level.SELF_SERVICE:
        return (Level.SIGNED_VOLUME if _is_surely_wrong([*record.audits], 0.95) else level_before), closed
    recent = [audit.is_right for audit in record.audits if NOW - timedelta(days=90) < audit.at <= NOW]
    right, wrong = recent.count(True), recent.count(False)
    off = 10 * right < 9 * (right + wrong) or 20 * overturned > stood + overturned + undefended
    looked = [audit.is_right for audit in record.audits if timedelta(0) <= _MONDAY - audit.at < timedelta(days=365)]
    above = _UPWARDS[_UPWARDS.index(level_before) + 1]
    n, mistakes = looked.count(True) + looked.count(False), looked.count(False)
    is_early = NOW - timedelta(days=age) >= _MONDAY
    rises = not off and not is_early and _chance_of_so_few(mistakes, n, _WRONG_SHARE[above]) <= Decimal("0.05")
    return (above if rises and n else level_before), closed


def history(rng: random.Random) -> tuple[Record, StoredLevel]:
    """A record of a few or of hundreds of outcomes, near the limits more often than not, and the level before."""
    codes, errors = _CODES[: rng.choice((1, 2))], rng.choice((0.0, 0.01, 0.03, 0.1, 0.3))
    spread = rng.choice((20.0, 80.0, 400.0))
    audits = [_audit(rng, codes, errors, spread) for _ in range(rng.choice((0, 3, 10, 29, 30, 46, 59, 100, 149, 260)))]
    ends = rng.choice((0, 4, 20, 60, 300))
    reversals = [_reversal(rng, codes) for _ in range(ends) if rng.random() < rng.choice((0.0, 0.05, 0.1))]
    record = Record(
        audits=tuple(sorted(audits, key=lambda audit: audit.at)),
        reversals=tuple(reversals),
        stood=_stood(rng, codes, ends),
    )
    age = rng.choice((rng.uniform(0, 120), 0.1, 0.5, 89.0, 90.0))
    return record, StoredLevel(rng.choice(tuple(Level)), NOW - timedelta(days=age))


def _moment(rng: random.Random, days: float) -> float:
    return int(days * rng.random() * 1024) / 1024  # Exact in a double, and in microseconds.


def _audit(rng: random.Random, codes: tuple[ReasonCode, ...], errors: float, spread: float) -> Audit:
    age, draw = _moment(rng, spread), rng.random()
    judgement = Judgement.GENUINE if draw < errors else Judgement.CANNOT_TELL if draw > 0.97 else Judgement.COUNTERFEIT
    evidence = Evidence.LISTING if rng.random() < 0.03 else Evidence.DOCUMENTS
    judged_at = NOW - timedelta(days=age)
    return Audit(rng.choice(codes), judged_at - timedelta(days=_moment(rng, 6)), judgement, evidence, judged_at)


def _reversal(rng: random.Random, codes: tuple[ReasonCode, ...]) -> Reversal:
    reversed_at = NOW - timedelta(days=_moment(rng, 100))
    cluster = rng.choice((None, None, None, "ring", str(rng.random())))
    return Reversal(rng.choice(codes), reversed_at - timedelta(days=_moment(rng, 40)), reversed_at, cluster)


def _stood(rng: random.Random, codes: tuple[ReasonCode, ...], number: int) -> tuple[StoodRemovals, ...]:
    days = [(NOW - timedelta(days=_moment(rng, 100))).date() for _ in range(3)]
    return tuple(StoodRemovals(rng.choice(codes), day, number // 3) for day in days if number >= 3)
