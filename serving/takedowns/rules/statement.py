"""Statements of reasons to the seller and the marketplace: grounds and facts, never scores or reporters."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final

from features.message import Message, message
from models.verdict import ReasonCode, Side
from serving.takedowns.rules.public_statement import Source

REDRESS: Final = message("statement.redress")
_CAME_UP: Final = {
    Source.VOLUNTARY: "own_initiative",
    Source.NOTICE: "notice",
    Source.TRUSTED_FLAGGER: "trusted_flagger",
    Source.OTHER_NOTIFICATION: "notice",
}
_MARKS: Final = frozenset({ReasonCode.TRADEMARK_COUNTERFEIT, ReasonCode.MARK_MISUSE})


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of reasons in plain words, by the letters of Article 17(3) of Regulation (EU) 2022/2065.

    (a) `decision`, `territory` and `duration`; (b) `facts` and `source`; (c) `automated_means`; (d) and (e)
    `legal_ground`, which names the law and not the terms, `ground`, the reason, and `right`, the mark and its owner;
    (f) `redress`. A field without a restriction is None: a reinstatement has no territory and no duration.
    """

    decision: Message
    ground: Message
    facts: Message
    automated_means: Message
    redress: Message
    territory: Message | None = None
    duration: Message | None = None
    source: Message | None = None
    legal_ground: Message | None = None
    right: Message | None = None

    def filled_fields(self) -> dict[str, Message]:
        """The fields with a value, by name."""
        messages: dict[str, Message | None] = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: message for name, message in messages.items() if message is not None}


@dataclass(frozen=True, slots=True)
class ProtectedMark:
    """The mark that a removal protects. `owner` is None where the mark is a registered brand, which is its owner."""

    mark: str
    owner: str | None = None


class Discovery(StrEnum):
    """How the listing of a removal was found."""

    REPORTED = "reported"  # By the rights holder, who reported it.
    NOTIFIED = "notified"
    CHOSEN = "chosen"  # By an analyst.
    RANDOM = "random"
    AUTOMATED = "automated"  # By a model or a rule.


def removal_statement(
    *,
    owned: ProtectedMark,
    reason_code: ReasonCode,
    side: Side,
    discovery: Discovery,
    examined: bool,
    bought: bool,
    aided: bool,
    source: Source,
    sold_in: Sequence[str],
) -> Statement:
    """The statement of a removal. It names the right and its owner, because the ground is their right, but no score.

    It says who found what by which means. A rights holder's report is a declaration and no examination by
    the marketplace. `examined` is set where the goods were bought and examined, `bought` where an analyst judged the
    record of a test buy, and `aided` where the analyst saw the score.

    `sold_in` are the codes of the countries in which the marketplace declares to sell; empty where it has not declared
    any. The statement does not name the notifier: it names the rights holder, and Article 17(3)(b) requires more only
    where strictly necessary.
    """
    ground = message(f"statement.ground.{reason_code.value}")
    declared, holder = "reported" if discovery is Discovery.REPORTED else "asked", owned.owner or owned.mark
    if side is Side.BRAND:
        decided_by = "brand" if discovery is Discovery.REPORTED else "asked"
    else:
        decided_by = "analyst" if aided else "unaided"
    if examined:
        facts = message("statement.facts.examined", ground=ground)
    elif side is Side.BRAND:
        facts = message(f"statement.facts.{declared}", name=holder, ground=ground)
    elif bought:
        facts = message("statement.facts.bought", name=holder, ground=ground)
    else:
        facts = message("statement.facts.analyst", ground=ground)
    return Statement(
        decision=message("statement.decision"),
        ground=ground,
        facts=facts,
        automated_means=message(
            "statement.means",
            discovery=message(f"statement.discovery.{discovery.value}"),
            decision=message(f"statement.decision_by.{decided_by}"),
        ),
        redress=REDRESS,
        territory=(
            message("statement.territory.countries", countries=tuple(sold_in))
            if sold_in
            else message("statement.territory")
        ),
        duration=message("statement.duration"),
        source=message(f"statement.source.{_CAME_UP[source]}"),
        legal_ground=message("statement.legal_ground", law=message(f"law.{reason_code.value}")),
        right=_right(owned, reason_code),
    )


def _right(owned: ProtectedMark, reason_code: ReasonCode) -> Message:
    """The right that a removal protects: a mark by its name, another by its owner. A false description breaks none."""
    if reason_code is ReasonCode.NOT_AS_DESCRIBED:
        return message("statement.right.described", mark=owned.mark)
    if reason_code not in _MARKS:
        return message("statement.right.holder", owner=owned.owner or owned.mark)
    if owned.owner is None:
        return message("statement.right.registered", brand=owned.mark)
    return message("statement.right.named", mark=owned.mark, owner=owned.owner)


class OverturnCause(StrEnum):
    """The cause of an overturn."""

    APPEAL = "appeal"
    CONCEDED = "conceded"
    RETRACTED = "retracted"  # The brand took its report back of its own accord.
    SILENCE = "silence"  # The rights holder did not answer; nobody has judged the goods.


def reinstatement_statement(why: OverturnCause) -> Statement:
    """The statement of a reinstatement after an overturn."""
    return Statement(
        decision=message("reinstatement.decision"),
        ground=message(f"reinstatement.ground.{why.value}"),
        facts=message(f"reinstatement.facts.{why.value}"),
        automated_means=_means_sentence(why),
        redress=message("reinstatement.redress"),
    )


def amended_statement(why: OverturnCause) -> Statement:
    """The replacement of a published statement after its removal was overturned."""
    return Statement(
        decision=message("amendment.decision"),
        ground=message(f"amendment.ground.{why.value}"),
        facts=message("amendment.facts"),
        automated_means=_means_sentence(why),
        redress=message("amendment.redress"),
    )


def _means_sentence(why: OverturnCause) -> Message:
    return message("reinstatement.means.deadline" if why is OverturnCause.SILENCE else "reinstatement.means.person")
