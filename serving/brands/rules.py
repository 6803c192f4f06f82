"""Certification: questions that a brand user answers before their 'counterfeit' counts. Standard library only."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from importlib.resources import files

from features.message import Message, message
from features.phrase import Phrase
from models.errors import Forbidden, Invalid
from serving.brands.policy import EnrolmentPolicy


class NotBriefed(Forbidden):
    """The person has not passed the certification, or too long ago; the sentence says where it is."""

    code = "not_briefed"


class How(StrEnum):
    """The way of a certification. `carried_over` is for people who answered for a brand before certification began."""

    ANSWERED = "answered"
    VOUCHED = "vouched"
    CARRIED_OVER = "carried_over"


@dataclass(frozen=True, slots=True)
class Question:
    """One question with its options, which of them is right, and why."""

    key: str
    text: str
    options: tuple[str, ...]
    right: int
    because: str


@dataclass(frozen=True, slots=True)
class Result:
    """The result of answers: how many were right, and the keys of the questions that were not."""

    right: int
    wrong: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Every question is one that a confirmation turns on, so none may be wrong."""
        return not self.wrong


@dataclass(frozen=True, slots=True)
class Passed:
    """When somebody was last found to know it, and how."""

    at: datetime
    how: How


@dataclass(frozen=True, slots=True)
class Gate:
    """Whether a person may confirm, until when, whether the end is near, and why."""

    open: bool
    until: datetime | None
    warned: bool
    reason: Message


@cache
def questions() -> tuple[Question, ...]:
    """The questions in their order."""
    found = json.loads(_text())
    return tuple(
        Question(one["key"], one["text"], tuple(one["options"]), one["right"], one["because"]) for one in found
    )


@cache
def questions_version() -> str:
    """A digest of these questions: it keeps a pass attributable after the questions change."""
    return f"briefing:{hashlib.sha256(_text().encode()).hexdigest()[:16]}"


def _text() -> str:
    return files("serving.brands").joinpath("data/briefing.json").read_text(encoding="utf-8")


def judged(answers: Mapping[str, int]) -> Result:
    """The result of answers by the key of the question.

    Raises
    ------
    Invalid
        A question is not answered, or an answer is none of its options.
    """
    for one in questions():
        if not 0 <= answers.get(one.key, -1) < len(one.options):
            raise Invalid("Choose an answer to “{question}”", question=Phrase(one.text))
    wrong = tuple(one.key for one in questions() if answers[one.key] != one.right)
    return Result(len(questions()) - len(wrong), wrong)


def gate(passed: Passed | None, at: datetime, policy: EnrolmentPolicy) -> Gate:
    """Whether somebody who last passed then may confirm now.

    Looking, and every answer that accuses nobody, needs no briefing: the gate stands before what takes a listing down.
    """
    if passed is None:
        return Gate(False, None, False, message("certification.needed"))
    until = passed.at + timedelta(days=policy.briefing_valid_days)
    if at >= until:
        return Gate(False, until, False, message("certification.expired", date=until.date()))
    warned = at >= until - timedelta(days=policy.briefing_warned_days)
    return Gate(True, until, warned, message("certification.valid", date=until.date()))
