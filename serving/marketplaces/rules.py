"""The rules that act without a person, each with a kill switch. Standard library only."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class AutomaticRule(StrEnum):
    """The automatic act of a rule while its kill switch is on."""

    BRAND_REMOVALS = "brand_removals"
    MODEL_QUESTIONS = "model_questions"
    UNANSWERED_QUESTIONS = "unanswered_questions"
    RELIST_WATCH = "relist_watch"


@dataclass(frozen=True, slots=True)
class RuleWords:
    """The effect of a rule while it is on, and the behaviour while it is off."""

    name: str
    on: str
    off: str


RULES: Final = {
    AutomaticRule.BRAND_REMOVALS: RuleWords(
        "Removals on a brand's confirmation",
        "A brand's confirmation removes a listing without further approval.",
        "Removals that brands confirm are pending until someone from another organisation approves them.",
    ),
    AutomaticRule.MODEL_QUESTIONS: RuleWords(
        "The model's questions to brands",
        "The model asks the brand about the most suspicious listings.",
        "The model's questions go to an analyst instead of the brand.",
    ),
    AutomaticRule.UNANSWERED_QUESTIONS: RuleWords(
        "Escalation of unanswered questions",
        "A question that a brand does not answer in time goes to an analyst.",
        "Unanswered questions stay with the brand without a time limit.",
    ),
    AutomaticRule.RELIST_WATCH: RuleWords(
        "Relist detection",
        "A relist of a removed listing goes to an analyst regardless of its score.",
        "A relist is routed by its score alone.",
    ),
}
