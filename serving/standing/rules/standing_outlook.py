"""The further outcomes that would change a brand's standing."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from features.message import Message, message
from models.verdict import ReasonCode, named
from serving.standing.policy import StandingPolicy
from serving.standing.rules.confirmations import Tally
from serving.standing.rules.standing import IN_GOOD_STANDING, Finding, Level, Scope, Standing, earned

_MOST: Final = 2_000
_ABOVE: Final = frozenset({Level.SELF_SERVICE, Level.FULL})


def outlook(found: Standing, policy: StandingPolicy) -> tuple[Message, ...]:
    """The fewest further outcomes that would change a level in good standing, if nothing else happens.

    They are counted in the reason code that holds the brand back, or else in the most frequent. Without good standing
    there is no outlook; the reasons then say when it can return.
    """
    if not found.good:
        return ()
    counted = {one.reason_code: one.tally for one in (found.overall, *found.by_reason)}
    code = _code(found.by_reason)
    shown = code if len(found.by_reason) > 1 else None
    told = []
    if found.level is not Level.SELF_SERVICE:
        for more in range(1, _MOST):
            level = earned(_with(counted, code, accepted=more), policy)
            if level in _ABOVE and level is not found.level:
                told.append(_told(level.value, more, shown))
                break
    for more in range(1, _MOST):
        if earned(_with(counted, code, overturned=more), policy) not in IN_GOOD_STANDING:
            told.append(_told("lost", more, shown))
            break
    return tuple(told)


def _told(what: str, more: int, code: ReasonCode | None) -> Message:
    if code is None:
        return message(f"outlook.{what}", n=more)
    return message(f"outlook.{what}.code", n=more, code=named(code))


def _code(by_reason: tuple[Scope, ...]) -> ReasonCode:
    if not by_reason:
        return ReasonCode.TRADEMARK_COUNTERFEIT
    withheld = [one for one in by_reason if one.finding is not Finding.HOLDS]
    chosen = max(withheld or by_reason, key=lambda one: one.tally.counted)
    return chosen.reason_code or ReasonCode.TRADEMARK_COUNTERFEIT


def _with(
    counted: Mapping[ReasonCode | None, Tally], code: ReasonCode, *, accepted: int = 0, overturned: int = 0
) -> dict[ReasonCode | None, Tally]:
    def more(tally: Tally) -> Tally:
        return replace(tally, accepted=tally.accepted + accepted, overturned=tally.overturned + overturned)

    return {**counted, None: more(counted[None]), code: more(counted.get(code, Tally()))}
