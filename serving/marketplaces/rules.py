"""The rules that act without a person, each with a kill switch, and the steps of a set-up."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from features.message import Message, message


class AutomaticRule(StrEnum):
    """The automatic act of a rule while its kill switch is on."""

    BRAND_REMOVALS = "brand_removals"
    ANALYST_REMOVALS = "analyst_removals"
    MODEL_QUESTIONS = "model_questions"
    UNANSWERED_QUESTIONS = "unanswered_questions"
    RELIST_WATCH = "relist_watch"
    RETRAINING = "retraining"


@dataclass(frozen=True, slots=True)
class RuleWords:
    """The name of a rule, its effect while it is on, and the behaviour while it is off."""

    name: Message
    on: Message
    off: Message


RULES: Final = {
    rule: RuleWords(*(message(f"rule.{rule}.{what}") for what in ("name", "on", "off"))) for rule in AutomaticRule
}


class SetupStep(StrEnum):
    """A step from an empty marketplace to its first model, in their usual order."""

    LISTINGS = "listings"  # One was received.
    CASE = "case"  # One was decided.
    BRAND = "brand"  # One is enrolled.
    COLLEAGUES = "colleagues"  # Somebody else has a role.
    WEBHOOK = "webhook"  # A message was acknowledged.
    MODEL = "model"  # One was trained.
