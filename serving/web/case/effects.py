"""The effect of each decision, shown before the click and derived from the rules."""

from dataclasses import dataclass

from models.case import CaseLane
from models.errors import BrandNotNamed
from models.policies.deciding import EnforcementPolicy
from models.verdict import Consequence, DecisionInput, Outcome, Side, consequence
from serving.platform.tongues import say
from serving.web.wording import words
from serving.web.wording.translated import refusal_in_words
from serving.web.wording.vocabulary import Choice, choices_on


@dataclass(frozen=True, slots=True)
class Effect:
    """Decisions with the same effect, and that effect."""

    choices: tuple[Choice, ...]
    sentence: str


def effects(decision_input: DecisionInput, policy: EnforcementPolicy) -> tuple[Effect, ...]:
    """The effects of all decisions; decisions with the same effect share an entry."""
    choices_by_sentence: dict[str, list[Choice]] = {}
    for choice in choices_on(decision_input.lane):
        try:
            sentence = _effect_sentence(consequence(choice.judgement, decision_input, policy), decision_input, policy)
        except BrandNotNamed as refused:
            sentence = refusal_in_words(refused)
        choices_by_sentence.setdefault(sentence, []).append(choice)
    return tuple(Effect(tuple(choices), sentence) for sentence, choices in choices_by_sentence.items())


def _effect_sentence(follows: Consequence, decision_input: DecisionInput, policy: EnforcementPolicy) -> str:
    window = words.countdown(policy.undo_window_seconds)
    brand = decision_input.brand_name or say("the brand")
    match follows.outcome:
        case Outcome.REMOVE:
            return say("The marketplace is asked to remove the listing, %(time)s after your answer.", time=window)
        case Outcome.REINSTATE:
            return say("The seller was right: the listing is reinstated, %(time)s after your answer.", time=window)
        case Outcome.NONE:
            pass
    if follows.lane is CaseLane.ASK_BRAND:
        hours = policy.brand_answers_within_hours
        return say("Nothing is removed yet: %(brand)s is asked and has %(n)s h to answer.", brand=brand, n=hours)
    if follows.lane is not None:
        return say("An analyst decides. Nothing is removed until then.")
    if decision_input.lane is CaseLane.SECOND_REVIEW:
        return say(
            "Nothing changes for the listing. Your answer and the first answer together decide the training label."
        )
    if decision_input.lane is CaseLane.APPEAL:
        return say("The appeal is dismissed, and the removal stands.")
    if decision_input.lane is CaseLane.COMPLAINT:
        return say("The complaint is dismissed, and the listing stays.")
    return say("The listing stays, and the case is closed.")


def decision_input_of(lane: CaseLane, side: Side, brand: str | None, *, can_be_asked: bool) -> DecisionInput:
    """The decision input of a case; `brand` is the name of its brand, None while it is unresolved."""
    return DecisionInput(lane=lane, side=side, brand_can_be_asked=can_be_asked, brand_name=brand)
