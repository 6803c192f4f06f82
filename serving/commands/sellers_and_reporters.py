"""Commands about the reporters of listings."""

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from serving.accounts.rules.access import LOCAL
from serving.commands.brands import batches
from serving.commands.declaring import command
from serving.commands.groups import erase, legal_hold, reporter, seller
from serving.commands.options import Marketplace, Reason, known_choice
from serving.commands.registry import ADMINISTRATOR, CommandScope, Runtime, place_named
from serving.commands.showing import EXIT_FAILED, local_time, say, words
from serving.notices.rules.notices import ReporterKind

ReporterId = Annotated[str, typer.Argument(help="Its id, as in `touchstone reporter list`.")]


def _checked_kind(kind: str) -> str:
    return known_choice(kind, (kind for kind in ReporterKind if kind is not ReporterKind.UNREGISTERED), "--kind")


@command(reporter, "add", by=ADMINISTRATOR)
def add_reporter(
    at: CommandScope,
    name: str,
    *,
    email: Annotated[str, typer.Option(help="Address for replies.")],
    kind: Annotated[
        str, typer.Option(callback=_checked_kind, help="registered, brand or trusted_flagger.")
    ] = "registered",
    brand: Annotated[str | None, typer.Option(help="The brand that a brand's reporter acts for.")] = None,
) -> str:
    """Register a reporter and print its key, which is shown once and not stored."""
    from serving.notices.service import reporters

    new_reporter = reporters.NewReporter(name, email, ReporterKind(kind), brand, at.place.name)
    return " ".join(reporters.register(at.runtime, new_reporter, by=at.actor))


def _print_reporters(reporters: list[dict[str, Any]]) -> None:
    for listed_reporter in reporters:
        who = f"{listed_reporter['name']} <{listed_reporter['email']}>" if listed_reporter["email"] else "(erased)"
        muted_until, warned_at = listed_reporter["muted_until"], listed_reporter["warned_at"]
        state = f", muted until {local_time(muted_until)}" if muted_until else ""
        warned = f", warned {local_time(warned_at)}" if warned_at else ""
        may = ", may be muted" if listed_reporter["may_mute"] and not muted_until else ""
        say(f"{listed_reporter['reporter_id']}  {words(listed_reporter['kind'])}  {who}{warned}{state}{may}")
        say(f"  {' '.join(listed_reporter['reasons'])}")
    if not reporters:
        say("Nobody has notified anything.")


@command(reporter, "list", show=_print_reporters)
def list_reporters(at: CommandScope) -> list[dict[str, Any]]:
    """List reporters with the outcomes of their notices of a year, and who may be muted."""
    from serving.notices.service import reporters

    return reporters.reporters_with_record(at.runtime, at.place)


def _print_muted(muted: dict[str, str]) -> None:
    say(f"{muted['reporter_id']} is muted until {local_time(muted['until'])}.")


@command(reporter, "mute", by=ADMINISTRATOR, show=_print_muted)
def mute_reporter(at: CommandScope, reporter_id: ReporterId, reason: Reason) -> dict[str, str]:
    """Mute a reporter: new notices open no case for 90 days; refused without an earlier warning."""
    from serving.notices.service import reporters

    until = reporters.mute(at.runtime, at.place, reporter_id, reason=reason, by=at.actor)
    return {"reporter_id": reporter_id, "until": until.isoformat()}


@command(reporter, "unmute", by=ADMINISTRATOR)
def unmute_reporter(at: CommandScope, reporter_id: ReporterId, reason: Reason) -> str:
    """End a mute early."""
    from serving.notices.service import reporters

    reporters.unmute(at.runtime, at.place, reporter_id, reason=reason, by=at.actor)
    return f"{reporter_id} is no longer muted."


@command(reporter, "revoke", by=ADMINISTRATOR)
def revoke_reporter(at: CommandScope, reporter_id: ReporterId) -> str:
    """Revoke a registered reporter's key; its notices stay open."""
    from serving.notices.service import reporters

    reporters.revoke(at.runtime, at.place, reporter_id, by=at.actor)
    return f"The key of {reporter_id} is revoked."


_AT_ONCE: Final = 1_000


@command()
def receive_contacts(
    runtime: Runtime, rows: list[dict[str, Any]], first_row: int, backfill: bool, marketplace: Marketplace = None
) -> dict[str, int]:
    """Hash contacts of sellers; returns how many are new, known and refused."""
    from serving.sellers.service import contacts

    place = place_named(runtime, marketplace)
    body = {"contacts": rows}
    return {**contacts.receive_contacts(runtime, place, body, backfill=backfill, first_row=first_row)}


@seller.command("contacts")
def load_contacts(
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV, TSV, NDJSON, Parquet: seller, kind (phone, email, handle, payout, address), value, occurred_at."
        ),
    ],
    *,
    backfill: Annotated[bool, typer.Option(help="Treat contacts as known since occurred_at.")] = False,
    marketplace: Marketplace = None,
) -> None:
    """Load contacts of sellers; they are hashed on receipt and link listings that come in from now on.

    Ends with 1 if rows were refused; `touchstone quarantine` lists them."""
    counts = Counter[str]()
    for batch in batches(file, _AT_ONCE):
        counts.update(receive_contacts(batch, counts.total() + 1, backfill, marketplace))
    listed = " + ".join(f"{counts[name]:,} {name}" for name in ("new", "known", "quarantined"))
    say(f"{counts.total():,} contacts in = {listed}")
    if counts["quarantined"]:
        raise typer.Exit(EXIT_FAILED)


@command(seller, "erase-contacts")
def erase_contacts(at: CommandScope, seller_id: str) -> str:
    """Erase the hashes of a seller's contacts. This ends the seller's links to others; earlier scores stay."""
    from serving.sellers.service import contacts

    erased = contacts.erase_contacts(at.runtime, at.place, seller_id, by=LOCAL)
    return f"{erased:,} contacts of {seller_id} erased."


Seller = Annotated[str, typer.Argument(help="The marketplace's id of the seller.")]
Yes = Annotated[bool, typer.Option("--yes", help="Erase; without it, only show what would be erased.")]
_NOTHING: Final = "Nothing was erased. Run it again with --yes."


@command(erase, "seller", by=ADMINISTRATOR)
def erase_seller(at: CommandScope, seller: Seller, *, yes: Yes = False) -> list[str]:
    """Show what would be erased of a seller, what is kept and why; with --yes, erase it for good."""
    from serving.privacy.service import erasure

    summary = erasure.erase_seller(at.runtime, at.place, seller, carry_out=yes, by=at.actor)
    lines = ["Erased:" if summary["carried_out"] else "Would be erased:"]
    lines += [f"  {many:,} {name}" for name, many in summary["erased"].items()]
    if summary["kept_for_now"]:
        lines.append("Kept for now, and erased by the service once it may be:")
    for why, many in summary["kept_for_now"].items():
        lines.append(f"  the data of {many:,} {'decision' if many == 1 else 'decisions'}: {why}")
    return [*lines, *_kept_lines(summary["kept"], erased=summary["carried_out"])]


@command(erase, "reporter", by=ADMINISTRATOR)
def erase_reporter(
    at: CommandScope,
    reporter: Annotated[str, typer.Argument(help="Its id, or the e-mail address of a stranger's notices.")],
    *,
    yes: Yes = False,
) -> list[str]:
    """Show the data of notifiers that would be erased and kept; with --yes, erase it for good."""
    from serving.notices.service import reporter_erasure

    summary = reporter_erasure.erase_reporter(at.runtime, at.place, reporter, carry_out=yes, by=at.actor).shown()
    done = "Erased" if summary["carried_out"] else "Would be erased"
    lines = [f"{done}: name, address, and what was written in {summary['texts']:,} notices."]
    if summary["waits"]:
        lines.append("A notice or complaint is still open; the service erases it after the decision.")
    return [*lines, *_kept_lines(summary["kept"], erased=yes)]


def _kept_lines(sentences: list[str], *, erased: bool) -> list[str]:
    return ["Kept:", *(f"  {sentence}" for sentence in sentences), *([] if erased else [_NOTHING])]


@command(legal_hold, "set", by=ADMINISTRATOR)
def set_legal_hold(at: CommandScope, seller: Seller, reason: Reason) -> str:
    """Keep everything of a seller until the hold is lifted."""
    from serving.privacy.service.erasure import set_hold

    set_hold(at.runtime, at.place, seller, reason=reason, by=at.actor)
    return f"{seller} is under legal hold."


@command(legal_hold, "lift", by=ADMINISTRATOR)
def lift_legal_hold(at: CommandScope, seller: Seller, reason: Reason) -> str:
    """End a legal hold."""
    from serving.privacy.service.erasure import lift_hold

    lift_hold(at.runtime, at.place, seller, reason=reason, by=at.actor)
    return f"{seller} is no longer under legal hold."


def _print_holds(holds: list[dict[str, Any]]) -> None:
    for hold in holds:
        say(f"{hold['seller']}: since {local_time(hold['set_at'])}, by {hold['set_by']}: {hold['reason']}")
    if not holds:
        say("Nobody is under legal hold.")


@command(legal_hold, "list", show=_print_holds)
def list_legal_holds(at: CommandScope) -> list[dict[str, Any]]:
    """List the sellers under legal hold, since when, by whom and why."""
    from serving.privacy.store.legal_holds import holds_in_force

    with at.runtime.store.read() as connection:
        holds = holds_in_force(connection, at.marketplace_id)
    return [{**asdict(hold), "set_at": hold.set_at.isoformat()} for hold in holds]
