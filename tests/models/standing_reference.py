"""A reference implementation of good-faith standing, independent of the rule, and random histories to test it."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, localcontext
from typing import Final

from models.verdict import Judgement, ReasonCode
from serving.standing.rules.confirmations import BrandAnswer, Ruling
from serving.standing.rules.standing import Level, StoredLevel

# The outcomes of an answer and how each counts: accepted, rejected, overturned, or not at all.
COUNTS_AS: Final = {
    "removed": "a",
    "analyst agrees": "a",
    "audit agrees": "a",
    "audit cannot tell": "a",
    "audit: grey market": "a",
    "analyst disagrees": "r",
    "analyst: licensed": "r",
    "stopped": "r",
    "audit disagrees": "r",
    "given back": "o",
    "given back after the analyst agreed": "o",
    "nobody decided": "",
    "analyst cannot tell": "",
    "analyst: grey market": "",
    "analyst: test buy": "",
    "brand cannot tell": "",
    "brand: grey market": "",
    "brand: test buy": "",
    "brand: genuine": "",
}

_SETTLED_AT_ONCE: Final = frozenset(
    became
    for became, counts in COUNTS_AS.items()
    if became.startswith(("removed", "nobody", "brand")) or (became.startswith("audit") and counts == "a")
)
_WORDS: Final = {
    "disagrees": Judgement.GENUINE,
    " agrees": Judgement.COUNTERFEIT,
    "agreed": Judgement.COUNTERFEIT,
    "licensed": Judgement.LICENSED,
    "cannot tell": Judgement.CANNOT_TELL,
    "grey market": Judgement.GREY_MARKET,
    "test buy": Judgement.NEEDS_TEST_BUY,
    "genuine": Judgement.GENUINE,
}
_VERDICTS_BEHIND: Final = {
    became: (
        next((who for who in ("brand", "analyst", "audit") if who in became), "nobody"),
        next((word for end, word in _WORDS.items() if became.endswith(end)), Judgement.COUNTERFEIT),
    )
    for became in COUNTS_AS
}


@dataclass(frozen=True, slots=True)
class Row:
    """One answer as the reference reads it: outcome, reason code, and the days since it was given and settled."""

    became: str
    code: ReasonCode
    answer_age: float
    settled: float


def reference(rows: list[Row], last_level: tuple[str, float] | None) -> str:
    """The level now; `last_level` is the level before and its age in days."""

    def ends(part: int, n: int) -> tuple[Decimal, Decimal]:
        with localcontext(prec=60):
            p, z = Decimal(part) / n, Decimal("1.96")
            root = z * (p * (1 - p) / n + (z / (2 * n)) ** 2).sqrt()
            return (p + z * z / (2 * n) - root) / (1 + z * z / n), (p + z * z / (2 * n) + root) / (1 + z * z / n)

    def judged(seen: list[Row]) -> tuple[bool, bool, bool, bool]:
        a, r, o = (sum(COUNTS_AS[row.became] == letter for row in seen) for letter in "aro")
        n, looks = a + r + o, [row.became for row in seen if row.became in {"audit agrees", "audit disagrees"}]
        if n == 0:
            return False, False, False, False
        off = 100 * a < 90 * n or 100 * o > 5 * n
        sure = r + o >= 3 and (ends(a, n)[1] < Decimal("0.9") or ends(o, n)[0] > Decimal("0.05"))
        lost = off and (n >= 100 or sure)
        right = len(looks) >= 59 and 100 * looks.count("audit agrees") >= 99 * len(looks)
        low = ends(a, n)[0]
        return lost, off, n >= 100 or low >= Decimal("0.8"), right or low >= Decimal("0.9")

    seen = [row for row in rows if 0 <= row.settled < 90]
    codes = [judged([row for row in seen if row.code is code]) for code in ReasonCode]
    lost, off, much, all_right = judged(seen)
    level = (
        "provisional" if off or any(code[1] for code in codes) or not much else "self_service" if all_right else "full"
    )
    level = "capped" if lost or any(code[0] for code in codes) else level
    if last_level is None or last_level[0] not in {"capped", "suspended"}:
        return level
    later = [row for row in seen if row.answer_age < last_level[1]]
    parts = [later, *([row for row in later if row.code is code] for code in ReasonCode)]
    if last_level[0] == "suspended" or any(judged(part)[0] for part in parts):
        return "suspended" if last_level[0] == "capped" or last_level[1] < 90 or level == "capped" else level
    return "capped" if last_level[1] < 90 else level


def brand_answer(row: Row, now: datetime) -> BrandAnswer:
    """The same answer as the rule reads it."""
    at, settled = now - timedelta(days=row.answer_age), now - timedelta(days=row.settled)
    who, word = _VERDICTS_BEHIND[row.became]
    ruling = Ruling(word, settled) if who in {"analyst", "audit"} else None
    return BrandAnswer(
        judgement=word if who == "brand" else Judgement.COUNTERFEIT,
        reason_code=row.code,
        at=at,
        at_once=who == "audit" or row.became in {"removed", "stopped", "given back"},
        analyst=ruling if who == "analyst" else None,
        audit=ruling if who == "audit" else None,
        stopped_at=settled if row.became == "stopped" else None,
        overturned_at=settled if row.became.startswith("given back") else None,
    )


def history(rng: random.Random) -> tuple[list[Row], tuple[str, float] | None]:
    """A history of a few or of hundreds of answers, careful or careless, near the limits more often than not."""
    weights = dict.fromkeys(COUNTS_AS, rng.choice((0.0, 0.02, 0.2)))
    weights["removed"], weights["audit agrees"] = rng.choice((1.0, 10.0, 40.0)), rng.choice((0.0, 1.0, 30.0))
    codes, days = tuple(ReasonCode)[: rng.choice((1, 1, 2, 5))], rng.choice((3, 89))
    size = rng.randint(0, rng.choice((2, 5, 20, 80, 250)))
    rows = [_row(rng, became, days, codes) for became in rng.choices(list(weights), list(weights.values()), k=size)]
    if rng.random() < 0.2:  # Exactly at a limit, or one beyond it.
        n = rng.choice((10, 16, 20, 35, 40, 60, 100, 120, 200))
        wrong = max(0, n // rng.choice((10, 20)) + rng.choice((-1, 0, 0, 1)))
        became = rng.choice(("analyst disagrees", "given back"))
        rows += [Row(became if step < wrong else "removed", codes[-1], step / 64, step / 64) for step in range(n)]
    last_level = rng.choice((None, *(str(level) for level in Level)))
    age = rng.choice((rng.uniform(0, 120), 0.0, 1.0, 89.0, 90.0))
    return rows, None if last_level is None else (last_level, age)


def _row(rng: random.Random, became: str, days: float, codes: tuple[ReasonCode, ...]) -> Row:
    chance = rng.random()
    settled = int(days * chance * 1024) / 1024  # Exact in a double, and in microseconds.
    if chance > 0.96:
        settled = rng.choice((0.0, 90.0, 91.0, -1.0))
    answer_age = settled if became in _SETTLED_AT_ONCE else settled + rng.choice((0.0, 1.0, 30.0, 200.0))
    return Row(became, codes[int(rng.random() * len(codes))], answer_age, settled)


def stored_level(before: tuple[str, float] | None, now: datetime) -> StoredLevel | None:
    """The level before as the rule reads it."""
    return None if before is None else StoredLevel(Level(before[0]), now - timedelta(days=before[1]))
