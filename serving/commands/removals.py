"""Commands about removals pending approval, for a data directory whose people cannot approve each other's."""

from typing import Annotated

import typer

from serving.commands.declaring import command
from serving.commands.groups import removal
from serving.commands.registry import At


@command(removal, "list")
def list_pending_removals(at: At) -> list[str]:
    """List the removals pending approval, the oldest first, with the reasons."""
    from models.messages.english import in_english
    from serving.takedowns.store import approvals

    with at.runtime.store.read() as connection:
        ids = [action_id for _, action_id in approvals.waiting(connection, [at.here], most=500)]
        holds = approvals.of_actions(connection, at.here, ids)
    return [f"{one}: {' '.join(in_english(hold.message) for hold in holds[one].holds)}" for one in ids]


@command(removal, "approve")
def approve_removal(
    at: At,
    action_id: Annotated[str, typer.Argument(help="Its id, as in `touchstone removal list`.")],
    reason: Annotated[str, typer.Option(help="Why; the audit log keeps it for ever.")],
) -> str:
    """Approve a removal that an analyst confirmed, as the owner of the data directory."""
    from serving.review.service.removal_approvals import approve_as_owner

    approve_as_owner(at.runtime, at.here, action_id, reason)
    return f"{action_id} is approved."
