"""The record of one reporter's notices, and its effect: none, a warning, a mute."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from features.message import Message, message
from models.errors import Conflict
from serving.notices.policy import NoticePolicy
from serving.standing.rules.bounds import surely_below

WARNING: Final = message("notice.warning")


@dataclass(frozen=True, slots=True)
class CountedNotice:
    """A notified listing whose notice was founded or unfounded; others do not count (`was_founded`)."""

    notified_at: datetime
    decided_at: datetime
    founded: bool


@dataclass(frozen=True, slots=True)
class Reputation:
    """A reporter's record of the year, with the reasons.

    `doubted`: surely less than half of the notices were founded. `to_warn`: the number of unfounded notices requires a
    warning, and none was given. `may_mute`: unfounded notices continued after the warning, so a person may mute.
    """

    founded: int
    unfounded: int
    after_warning: int
    doubted: bool
    to_warn: bool
    may_mute: bool
    reasons: tuple[Message, ...]


def reputation(
    ended: Iterable[CountedNotice], *, warned_at: datetime | None, as_of: datetime, policy: NoticePolicy
) -> Reputation:
    """A reporter's reputation at a moment, by the notices decided in the year before it.

    A warning follows frequent unfounded notices, by number and by proportion (Digital Services Act, Article 23(3)(a)
    and (b)). Its only cost is the place in the queue. Muting requires both again, counted from the warning, so that
    notices before the warning never cause a mute. Counts cannot measure gravity and intention. The rule therefore only
    allows a mute, and a person mutes with a reason.
    """
    since = as_of - timedelta(days=policy.record_days)
    known = [notice for notice in ended if since < notice.decided_at <= as_of]
    wrong = [notice for notice in known if not notice.founded]
    after = [notice for notice in known if warned_at is not None and notice.notified_at > warned_at]
    wrong_after = [notice for notice in after if not notice.founded]
    right = len(known) - len(wrong)
    doubted = surely_below(right, len(known), policy.doubted_below, policy.z)
    often = len(wrong) >= policy.warned_from and _is_mostly_wrong(len(wrong), len(known), policy)
    may_mute = len(wrong_after) >= policy.muted_from_after_warning and _is_mostly_wrong(
        len(wrong_after), len(after), policy
    )
    reasons = [message("reporter.founded", founded=right, n=len(known), days=policy.record_days)]
    if not known:
        reasons = [message("reporter.none", days=policy.record_days)]
    if doubted:
        reasons.append(message("reporter.doubted"))
    if warned_at is not None:
        reasons.append(message("reporter.after_warning", unfounded=len(wrong_after), n=len(after)))
    return Reputation(
        right,
        len(wrong),
        len(wrong_after),
        doubted,
        to_warn=often and warned_at is None,
        may_mute=may_mute,
        reasons=tuple(reasons),
    )


def mute_until(reputation_: Reputation, *, warned_at: datetime | None, at: datetime, policy: NoticePolicy) -> datetime:
    """The end of a mute that begins now.

    Raises Conflict (the reporter was not warned, or has not sent enough unfounded notices since; the sentence says
    which).
    """
    if warned_at is None:
        raise Conflict("Nobody is muted without a warning before, and this reporter has had none.")
    if not reputation_.may_mute:
        raise Conflict(
            "Since the warning {n} notices were unfounded; a mute needs {least}, and {share} of those decided.",
            n=reputation_.after_warning,
            least=policy.muted_from_after_warning,
            share=f"{(policy.unfounded_share * 100).normalize():f} %",
        )
    return at + timedelta(days=policy.muted_days)


def _is_mostly_wrong(wrong: int, known: int, policy: NoticePolicy) -> bool:
    return wrong >= policy.unfounded_share * known
