"""The rules that act without a person, each with a switch. Standard library only."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class AutomaticRule(StrEnum):
    """What happens by itself while its switch is on."""

    BRAND_REMOVALS = "brand_removals"
    MODEL_QUESTIONS = "model_questions"
    UNANSWERED_QUESTIONS = "unanswered_questions"
    RELIST_WATCH = "relist_watch"


@dataclass(frozen=True, slots=True)
class RuleWords:
    """What a rule does while it is on, and what happens instead while it is off."""

    name: str
    on: str
    off: str


RULES: Final = {
    AutomaticRule.BRAND_REMOVALS: RuleWords(
        "Removals on a brand's confirmation",
        "A brand's confirmation takes an offer down, with no further correspondence.",
        "What brands confirm is held until somebody of another organisation lets it go.",
    ),
    AutomaticRule.MODEL_QUESTIONS: RuleWords(
        "The model's questions to brands",
        "The model asks the brand about the offers that it finds most suspicious.",
        "What the model would have asked a brand goes to an analyst.",
    ),
    AutomaticRule.UNANSWERED_QUESTIONS: RuleWords(
        "Unanswered questions come back",
        "A question that a brand has not answered in time goes to an analyst.",
        "Questions wait for their brand, however long it takes.",
    ),
    AutomaticRule.RELIST_WATCH: RuleWords(
        "The watch on removed offers",
        "An offer that repeats a removed one goes to an analyst, whatever its score.",
        "What comes in goes where its score sends it, whatever was removed before.",
    ),
}
