"""Certification: questions that a brand user answers before their 'counterfeit' counts."""

import hashlib
import json
import math
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


class NotCertified(Forbidden):
    """The person has not passed the certification, or too long ago; the sentence names the page."""

    code = "not_briefed"


class CertificationMethod(StrEnum):
    """The way of a certification. `carried_over` is for people who answered for a brand before certification began."""

    ANSWERED = "answered"
    VOUCHED = "vouched"
    CARRIED_OVER = "carried_over"


@dataclass(frozen=True, slots=True)
class Question:
    """One question with its options, the index of the right one, and the explanation."""

    key: str
    text: str
    options: tuple[str, ...]
    right: int
    because: str


@dataclass(frozen=True, slots=True)
class CertificationResult:
    """The result of answers: how many were right, and the keys of the questions that were not."""

    right: int
    wrong: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Every question is one that a confirmation depends on, so none may be wrong."""
        return not self.wrong


@dataclass(frozen=True, slots=True)
class CertificationPass:
    """A person's last passed certification, and its way."""

    at: datetime
    how: CertificationMethod


@dataclass(frozen=True, slots=True)
class Gate:
    """Whether a person may confirm, until when, whether that end is near, and why."""

    open: bool
    until: datetime | None
    warned: bool
    reason: Message


@cache
def questions() -> tuple[Question, ...]:
    """The questions in their order."""
    raw_questions = json.loads(_questions_json())
    return tuple(
        Question(raw["key"], raw["text"], tuple(raw["options"]), raw["right"], raw["because"]) for raw in raw_questions
    )


@cache
def questions_version() -> str:
    """A digest of these questions: a stored pass names the questions that it was for."""
    return f"certification:{hashlib.sha256(_questions_json().encode()).hexdigest()[:16]}"


def _questions_json() -> str:
    return files("serving.brands").joinpath("data/certification.json").read_text(encoding="utf-8")


def evaluate(answers: Mapping[str, int]) -> CertificationResult:
    """The result of the answers, given by the key of the question.

    Raises Invalid (a question is not answered, or an answer is none of its options).
    """
    for question in questions():
        if not 0 <= answers.get(question.key, -1) < len(question.options):
            raise Invalid("Choose an answer to “{question}”", question=Phrase(question.text))
    wrong = tuple(question.key for question in questions() if answers[question.key] != question.right)
    return CertificationResult(len(questions()) - len(wrong), wrong)


def new_invitee_objection(confirms_from: datetime | None, at: datetime) -> Message | None:
    """Why a user whom the brand's lead invited may not confirm yet; None where they may."""
    if confirms_from is None or at >= confirms_from:
        return None
    return message("certification.recently_invited", n=math.ceil((confirms_from - at) / timedelta(hours=1)))


def gate_for(passed: CertificationPass | None, at: datetime, policy: EnrolmentPolicy) -> Gate:
    """Whether a person with this last pass may confirm now.

    Only a confirmation, which takes a listing down, needs the certification; viewing and other answers do not.
    """
    if passed is None:
        return Gate(False, None, False, message("certification.needed"))
    until = passed.at + timedelta(days=policy.certification_valid_days)
    if at >= until:
        return Gate(False, until, False, message("certification.expired", date=until.date()))
    warned = at >= until - timedelta(days=policy.certification_warned_days)
    return Gate(True, until, warned, message("certification.valid", date=until.date()))
