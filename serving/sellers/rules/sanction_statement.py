"""The statement of reasons of a sanction: the measure, its ground and its duration."""

from features.message import message
from serving.sellers.rules.sanction import SanctionCause, SellerAct
from serving.takedowns.rules.statement import REDRESS, Statement


def sanction_statement(act: SellerAct, cause: SanctionCause) -> Statement:
    """The statement of reasons of an action on an account. It names no linked account, which is a third party."""
    is_restored = act is SellerAct.RESTORE
    why = "restore" if is_restored else cause.value
    return Statement(
        decision=message(f"sanction.decision.{act.value}"),
        ground=message(f"sanction.ground.{why}"),
        facts=message(f"sanction.facts.{why}"),
        automated_means=message("sanction.means"),
        redress=message("sanction.redress.restore") if is_restored else REDRESS,
        duration=None if is_restored else message(f"sanction.duration.{act.value}"),
    )
