"""The consequences of verdicts."""

from dataclasses import dataclass
from enum import StrEnum

from features.message import Message, message
from models.case import CaseEvent, CaseLane
from models.errors import BrandNotNamed, Forbidden, Invalid
from models.policies.deciding import EnforcementPolicy


class Judgement(StrEnum):
    """A person's answer about a listing version. `withdrawn` revokes an earlier judgement."""

    COUNTERFEIT = "counterfeit"
    GENUINE = "genuine"
    GREY_MARKET = "grey_market"
    LICENSED = "licensed"
    CANNOT_TELL = "cannot_tell"
    NEEDS_TEST_BUY = "needs_test_buy"
    WITHDRAWN = "withdrawn"


class ReasonCode(StrEnum):
    """The ground of a counterfeit verdict."""

    TRADEMARK_COUNTERFEIT = "trademark_counterfeit"
    MARK_MISUSE = "mark_misuse"
    DESIGN = "design"
    COPYRIGHT = "copyright"
    NOT_AS_DESCRIBED = "not_as_described"


class Side(StrEnum):
    """The side of the person who judged."""

    ANALYST = "analyst"
    BRAND = "brand"


class Evidence(StrEnum):
    """The evidence behind a judgement."""

    LISTING = "listing"  # The listing's content: text, price, pictures, and the seller's history.
    TEST_BUY = "test_buy"  # The goods, bought and examined.
    DOCUMENTS = "documents"  # Invoices, reports or pictures that somebody has handed in.
    SELLER_ANSWER = "seller_answer"  # What the seller has answered.


class Outcome(StrEnum):
    """The action requested from the marketplace."""

    NONE = "none"
    REMOVE = "remove"
    REINSTATE = "reinstate"


@dataclass(frozen=True, slots=True)
class Consequence:
    """The effect of a verdict on case and listing, with reasons. `lane` is set where another party must review."""

    event: CaseEvent
    outcome: Outcome
    lane: CaseLane | None
    reasons: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class DecisionInput:
    """The lane, the side and the circumstances of a verdict.

    A brand can be asked if it takes part and has not returned the question, by silence or by doubt. `brand_name` is the
    registered brand or the mark that a reviewer named, None while the brand is unresolved. `withheld` is why a
    brand's 'counterfeit' does not remove at once, None where it does (`serving.standing.rules.standing.effect`).
    `examined` is set where the goods were bought and the brand or a laboratory has examined them
    (`serving.cases.rules.test_buy`).
    """

    lane: CaseLane
    side: Side
    brand_can_be_asked: bool
    brand_name: str | None
    withheld: Message | None = None
    examined: bool = False


def reason_message(code: ReasonCode) -> Message:
    return message(f"reason.{code.value}")


def consequence(judgement: Judgement, decision_input: DecisionInput, policy: EnforcementPolicy) -> Consequence:
    """The consequence of one judgement.

    'Counterfeit' from a brand in good standing about its own mark closes the case. The brand alone can authenticate the
    goods, and further questions would be the correspondence that good-faith takedown is meant to end. If the brand has
    lost its standing, an analyst decides. An analyst's 'counterfeit' removes only where no brand can be asked (or the
    policy allows it) or where the goods were bought and examined. Otherwise it becomes a question to the brand. 'Cannot
    tell' passes the case on: from a brand to an analyst, from an analyst to the brand if it can be asked. Grey-market
    goods are genuine, so the listing stays. On appeal the same answers have the opposite effect. 'Counterfeit' upholds
    the removal, and any answer other than 'counterfeit' undoes it. 'Cannot tell' undoes it too, because the seller has
    the benefit of the doubt. A second review never removes or reinstates a listing. Its purpose is a training label,
    and one more reviewer is no ground for either action. A notifier's complaint about a listing that stays is decided
    as the listing was, by a different reviewer. A reviewer who finds the goods not genuine asks the brand if it can be
    asked, and otherwise removes the listing. An analyst's 'counterfeit' needs a named brand, except in a second review:
    the seller is told whose mark the goods bear, and a removal for an unknown mark cannot be contested.

    Raises BrandNotNamed (an analyst finds the goods counterfeit, and nobody has named their brand), Forbidden (a brand
    may not decide an appeal or complaint against its own verdict, nor give a second review of it) or Invalid
    (`withdrawn` is the record of an undo, not an answer).
    """
    if judgement is Judgement.WITHDRAWN:
        raise Invalid("A verdict is withdrawn by undoing it.")
    _check_named(judgement, decision_input)
    if decision_input.lane is CaseLane.APPEAL:
        return _appeal_consequence(judgement, decision_input)
    if decision_input.lane is CaseLane.COMPLAINT and decision_input.side is Side.BRAND:
        raise Forbidden("A complaint must be decided by a reviewer who did not decide before.")
    if decision_input.lane is CaseLane.SECOND_REVIEW:
        if decision_input.side is Side.BRAND:
            raise Forbidden("A second review must come from a reviewer who took no part in the first.")
        return Consequence(CaseEvent.DECIDE, Outcome.NONE, None, (message("verdict.second_review"),))
    brand = decision_input.brand_name or message("verdict.the_brand")
    match judgement:
        case Judgement.COUNTERFEIT:
            return _counterfeit_consequence(decision_input, policy, brand)
        case Judgement.CANNOT_TELL | Judgement.NEEDS_TEST_BUY:
            return _unsettled_consequence(judgement, decision_input, brand)
        case _:
            reason = message(f"verdict.stays.{judgement.value}")
            return Consequence(CaseEvent.DECIDE, Outcome.NONE, None, (reason,))


def _check_named(judgement: Judgement, decision_input: DecisionInput) -> None:
    accuses = judgement is Judgement.COUNTERFEIT and decision_input.side is Side.ANALYST
    if accuses and decision_input.brand_name is None and decision_input.lane is not CaseLane.SECOND_REVIEW:
        raise BrandNotNamed


def _counterfeit_consequence(
    decision_input: DecisionInput, policy: EnforcementPolicy, brand: str | Message
) -> Consequence:
    if decision_input.side is Side.BRAND:
        reason = message("verdict.brand_confirms", brand=brand)
        if decision_input.withheld is not None:
            reasons = (reason, decision_input.withheld, message("verdict.analyst_decides"))
            return Consequence(CaseEvent.PASS_ON, Outcome.NONE, CaseLane.ANALYST, reasons)
        return Consequence(CaseEvent.DECIDE, Outcome.REMOVE, None, (reason,))
    if decision_input.examined:
        reason = message("verdict.examined")
        return Consequence(CaseEvent.DECIDE, Outcome.REMOVE, None, (reason,))
    if not decision_input.brand_can_be_asked:
        reason = message("verdict.no_brand_to_ask")
        return Consequence(CaseEvent.DECIDE, Outcome.REMOVE, None, (reason,))
    if policy.analyst_removes_if_brand_takes_part:
        reason = message("verdict.analyst_alone")
        return Consequence(CaseEvent.DECIDE, Outcome.REMOVE, None, (reason,))
    reason = message("verdict.asks_brand", brand=brand)
    return Consequence(CaseEvent.PASS_ON, Outcome.NONE, CaseLane.ASK_BRAND, (reason,))


def _unsettled_consequence(judgement: Judgement, decision_input: DecisionInput, brand: str | Message) -> Consequence:
    if decision_input.examined:
        reason = message("verdict.examined_unclear")
        return Consequence(CaseEvent.DECIDE, Outcome.NONE, None, (reason,))
    code = f"verdict.{judgement.value}"
    if decision_input.side is Side.BRAND:
        return Consequence(CaseEvent.PASS_ON, Outcome.NONE, CaseLane.ANALYST, (message(f"{code}.brand", brand=brand),))
    if decision_input.brand_can_be_asked:
        return Consequence(
            CaseEvent.PASS_ON, Outcome.NONE, CaseLane.ASK_BRAND, (message(f"{code}.analyst", brand=brand),)
        )
    return Consequence(CaseEvent.DECIDE, Outcome.NONE, None, (message(f"{code}.nobody"),))


def _appeal_consequence(judgement: Judgement, decision_input: DecisionInput) -> Consequence:
    if decision_input.side is Side.BRAND:
        raise Forbidden("An appeal must be decided by a reviewer who did not decide before.")
    if judgement is Judgement.COUNTERFEIT:
        return Consequence(CaseEvent.DECIDE, Outcome.NONE, None, (message("verdict.appeal_dismissed"),))
    reason = message("verdict.appeal_upheld")
    return Consequence(CaseEvent.DECIDE, Outcome.REINSTATE, None, (reason,))
