"""Commands for the erasure of a seller's or a reporter's data, and for legal holds."""

from typing import Annotated, Final

import typer

from serving.commands.declaring import command
from serving.commands.groups import erase, hold
from serving.commands.options import Reason
from serving.commands.registry import ADMINISTRATOR, At

Seller = Annotated[str, typer.Argument(help="The marketplace's id of the seller.")]
Yes = Annotated[bool, typer.Option("--yes", help="Erase; without it, only show what would be erased.")]
_NOTHING: Final = "Nothing was erased. Run it again with --yes."


@command(erase, "seller", by=ADMINISTRATOR)
def erase_seller(at: At, seller: Seller, *, yes: Yes = False) -> list[str]:
    """Show what would be erased of a seller, what is kept and why; with --yes, erase it for good."""
    from serving.privacy.service import erasure

    found = erasure.erase_seller(at.runtime, at.place, seller, carry_out=yes, by=at.actor)
    lines = ["Erased:" if found["carried_out"] else "Would be erased:"]
    lines += [f"  {many:,} {name}" for name, many in found["erased"].items()]
    if found["kept_for_now"]:
        lines.append("Kept for now, and erased by the service once it may be:")
    for why, many in found["kept_for_now"].items():
        lines.append(f"  the data of {many:,} {'decision' if many == 1 else 'decisions'}: {why}")
    return [*lines, *_kept(found["kept"], erased=found["carried_out"])]


@command(erase, "reporter", by=ADMINISTRATOR)
def erase_reporter(
    at: At,
    reporter: Annotated[str, typer.Argument(help="Its id, or the e-mail address of a stranger's notices.")],
    *,
    yes: Yes = False,
) -> list[str]:
    """Show the data of notifiers that would be erased and kept; with --yes, erase it for good."""
    from serving.notices.service import reporter_erasure

    found = reporter_erasure.erase_reporter(at.runtime, at.place, reporter, carry_out=yes, by=at.actor).shown()
    done = "Erased" if found["carried_out"] else "Would be erased"
    lines = [f"{done}: name, address, and what was written in {found['texts']:,} notices."]
    if found["waits"]:
        lines.append("A notice or complaint is still open; the service erases it after the decision.")
    return [*lines, *_kept(found["kept"], erased=yes)]


def _kept(sentences: list[str], *, erased: bool) -> list[str]:
    return ["Kept:", *(f"  {one}" for one in sentences), *([] if erased else [_NOTHING])]


@command(hold, "set", by=ADMINISTRATOR)
def set_legal_hold(at: At, seller: Seller, reason: Reason) -> str:
    """Keep everything of a seller until the hold is lifted."""
    from serving.privacy.service.erasure import set_hold

    set_hold(at.runtime, at.place, seller, reason=reason, by=at.actor)
    return f"{seller} is under legal hold."


@command(hold, "lift", by=ADMINISTRATOR)
def lift_legal_hold(at: At, seller: Seller, reason: Reason) -> str:
    """End a legal hold."""
    from serving.privacy.service.erasure import lift_hold

    lift_hold(at.runtime, at.place, seller, reason=reason, by=at.actor)
    return f"{seller} is no longer under legal hold."


@command(hold, "list")
def list_legal_holds(at: At) -> list[str]:
    """List the sellers under legal hold, since when, by whom and why."""
    from serving.privacy.store.legal_holds import in_force

    with at.runtime.store.read() as connection:
        found = in_force(connection, at.here)
    lines = [f"{one.seller}: since {one.set_at.isoformat()}, by {one.set_by}: {one.reason}" for one in found]
    return lines or ["Nobody is under legal hold."]
