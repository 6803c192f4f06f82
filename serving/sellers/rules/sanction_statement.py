"""The statement of reasons of a sanction: what is done about an account, on which ground, until when."""

from typing import Final

from serving.sellers.rules.sanction import SanctionCause, SellerAct
from serving.takedowns.rules.statement import REDRESS, Statement

_SANCTIONS: Final = {
    SellerAct.RESTRICT: "The account may put up no new offers.",
    SellerAct.SUSPEND: "The account is closed.",
    SellerAct.RESTORE: "The account is as it was before.",
}
_LASTS: Final = {
    SellerAct.RESTRICT: "Until the decisions that it rests on are a year old, unless it is lifted before.",
    SellerAct.SUSPEND: "Until it is lifted.",
    SellerAct.RESTORE: None,
}
_CAUSES: Final = {
    SanctionCause.STRIKES: (
        "The terms of the marketplace do not allow the repeated sale of counterfeits.",
        "Several offers of the account were removed because the goods were found not to be genuine.",
    ),
    SanctionCause.LINKED: (
        "The terms of the marketplace do not allow a sanctioned seller to go on under another account.",
        "The account shares a verified contact with an account that was sanctioned.",
    ),
}


def sanction_statement(act: SellerAct, cause: SanctionCause) -> Statement:
    """The statement of what is done about an account. It names no other: whoever shares a contact is a third party."""
    ground, facts = _CAUSES[cause]
    restored = act is SellerAct.RESTORE
    return Statement(
        decision=_SANCTIONS[act],
        ground="The ground of the earlier decision does not stand, or does no longer." if restored else ground,
        facts="The earlier decision is undone." if restored else facts,
        automated_means="The decision was taken by people; no score has a voice in it.",
        redress="Nothing needs to be done." if restored else REDRESS,
        duration=_LASTS[act],
    )
