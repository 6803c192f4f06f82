"""Reviewers' notes about a case, and its deferral: the reason, the end, and the conditions for an earlier return."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from models.errors import Invalid
from serving.cases.policy import WaitingPolicy


@dataclass(frozen=True, slots=True)
class Note:
    """The text of a note, and the people mentioned in it."""

    text: str
    mentioned: tuple[str, ...]


def note_from(
    sentence: str, mentioned: Collection[str], *, author: str, may_see: Collection[str], policy: WaitingPolicy
) -> Note:
    """The note as it is stored: stripped, each mentioned person once, and without its author.

    Raises Invalid (the text is empty or too long, too many people are mentioned, or one of them may not see the case).
    """
    text = "\n".join(line.rstrip() for line in sentence.replace("\r\n", "\n").replace("\r", "\n").strip().split("\n"))
    if not text:
        raise Invalid("Write something.")
    if len(text) > policy.longest_note:
        raise Invalid("A note can have at most {most:,} characters.", most=policy.longest_note)
    people = tuple(dict.fromkeys(user_id for user_id in mentioned if user_id != author))
    if len(people) > policy.most_mentioned:
        raise Invalid("A note mentions at most {most} people.", most=policy.most_mentioned)
    if not set(people) <= set(may_see):
        raise Invalid("Only people who may see the case can be mentioned.")
    return Note(text, people)


class Deferral(StrEnum):
    """Why a case is deferred: it is snoozed, or it needs information from somebody."""

    SNOOZED = "snoozed"
    NEEDS_INFORMATION = "needs_information"


@dataclass(frozen=True, slots=True)
class Snooze:
    """The deferral of a case. `missing` is the missing information and `asked` its source, both or neither.

    `on_news` ends it at the first news of its listing, else it ends at its time.
    """

    until: datetime
    on_news: bool
    missing: str | None = None
    source: str | None = None

    @property
    def kind(self) -> Deferral:
        """The reason of the deferral."""
        return Deferral.SNOOZED if self.missing is None else Deferral.NEEDS_INFORMATION


def check_snooze(snooze: Snooze, *, due_at: datetime, now: datetime, knowingly: bool, policy: WaitingPolicy) -> None:
    """Refuse a deferral that is not allowed.

    Raises Invalid (it would end at once or after too long, or past the deadline without `knowingly`; or only one of
    `missing` and `asked` is given, or one is too long).
    """
    if snooze.until <= now:
        raise Invalid("Choose a time that lies ahead.")
    if snooze.until > now + timedelta(days=policy.most_days):
        raise Invalid("A case can be snoozed for at most {most} days.", most=policy.most_days)
    if snooze.until > due_at and not knowingly:
        raise Invalid("The case would come back after its deadline. Choose an earlier time, or say that you mean it.")
    if (snooze.missing is None) != (snooze.source is None):
        raise Invalid("Name both what is missing and who was asked for it, or neither.")
    if max(len(snooze.missing or ""), len(snooze.source or "")) > policy.longest_missing:
        raise Invalid(
            "What is missing and who was asked have at most {most} characters each.", most=policy.longest_missing
        )
