"""Listings beyond dispute: two analysts, one of them in a blind review, agreed, and no verdict contradicts them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from models.labels import VALUES, AppealState, GivenVerdict
from models.policies.learning import LabelPolicy
from models.verdict import Judgement, Side
from serving.accounts.rules.second_person import Roots, independent


@dataclass(frozen=True, slots=True)
class Agreed:
    """1 counterfeit or 0 genuine, and the verdicts of the agreeing people in the order of time."""

    value: int
    verdicts: tuple[str, ...]


def agreed(
    verdicts: Sequence[GivenVerdict], appeal: AppealState, *, roots: Roots, as_of: datetime, policy: LabelPolicy
) -> Agreed | None:
    """The independent, equal answer of two people on one listing version as of a moment; None where there is none.

    Independent: the later analyst answered in a blind second review, because a reader of a colleague's answer mostly
    repeats it, and the accounts have no root in common (`serving.accounts.rules.second_person`). Undisputed: the brand
    and test buys count too, because a reference set must not contain contested listings. Grey market is left out, as it
    lies between the classes. An appealed listing is left out, unless the appeal was dismissed and the listing is
    counterfeit. The answer must be as old as a mature label, so that the seller has had time to appeal.
    """
    known = sorted((v for v in verdicts if v.known_at <= as_of), key=lambda v: (v.known_at, v.verdict_id))
    answers = [v for v in known if not (v.superseded or v.suspended) and v.judgement in VALUES]
    by_analysts = [v for v in answers if v.side is Side.ANALYST]
    latest = {v.user_id: v for v in by_analysts}
    votes = [v for v in by_analysts if latest[v.user_id] is v]
    pairs = ((one, other) for at, other in enumerate(votes) if other.second_review for one in votes[:at])
    if not any(independent(roots, one.user_id, other.user_id) for one, other in pairs):
        return None
    values = {VALUES[v.judgement] for v in answers}
    if len(values) > 1 or any(v.judgement is Judgement.GREY_MARKET for v in answers):
        return None
    (value,) = values
    if appeal is not AppealState.NONE and not (appeal is AppealState.DISMISSED and value):
        return None
    if max(v.known_at for v in answers) + policy.matures > as_of:
        return None
    return Agreed(value, tuple(v.verdict_id for v in votes))
