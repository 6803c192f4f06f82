"""Commands that count and verify: figures, quarantine, the audit log, evidence."""

import json
from typing import Annotated, Any

import typer

from serving.commands.declaring import command
from serving.commands.groups import app, audit, evidence
from serving.commands.registry import CommandScope, Runtime
from serving.commands.showing import EXIT_FAILED, complain, local_time, say, words
from serving.platform.progress import Report


@command(app, "figures", show=lambda figures: say(json.dumps(figures, indent=2)))
def get_figures(at: CommandScope) -> dict[str, Any]:
    """Print the figures that must add up, as JSON."""
    from serving.operations.service.figures import service_figures

    return service_figures(at.runtime, at.place)


def _print_quarantine(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        where = f"{local_time(row['known_at'])}  {row['source']:<14} row {row['row_number']}"
        say(f"{where}  {row['code']:<16} {row['field'] or '-'}: {row['sentence']}")
    if not rows:
        say("Nothing is in quarantine.")


@command(app, "quarantine", show=_print_quarantine)
def get_quarantine(
    at: CommandScope, most: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 20
) -> list[dict[str, Any]]:
    """Show the latest refused rows: source, row, code, field and reason."""
    from serving.listings.store.listings import quarantined_rows

    with at.runtime.store.read() as connection:
        rows = quarantined_rows(connection, at.marketplace_id, most)
    shown = ("known_at", "source", "row_number", "code", "field", "sentence")
    return [{name: row[name] for name in shown} for row in rows]


def _print_audit(audit: dict[str, Any]) -> None:
    from serving.audit.service.verification import is_whole

    if (broken := audit["broken"]) is not None:
        complain(f"Entry {broken['sequence']}: {broken['problem']}.")
    if (problem := audit["heads_problem"]) is not None:
        complain(f"{problem[0].upper()}{problem[1:]}.")
    for difference in audit["differing"]:
        place = "" if difference["sequence"] is None else f" (entry {difference['sequence']:,})"
        complain(f"{words(difference['kind']).capitalize()} {difference['id']}{place}: {difference['problem']}.")
    if audit["differing_count"] > len(audit["differing"]):
        complain(
            f"{audit['differing_count']:,} rows differ from the log; the first {len(audit['differing'])} are shown."
        )
    for what, text in (("renewed", "New signed heads were started"), ("restored", "A backup was restored")):
        for record in audit[what]:
            at, by = local_time(record["at"]), record["by"]
            say(f"{text} at entry {record['sequence']:,}, {at}, by {by}: {record['reason']}")
    if not is_whole(audit):
        raise typer.Exit(EXIT_FAILED)
    if (last := audit["last_head"]) is not None:
        key, at = f"by the key {audit['key'][:16]}", local_time(last["signed_at"])
        say(f"{audit['heads']:,} signed heads {key}, the last of entry {last['sequence']:,} at {at}.")
    else:
        say("No head is signed yet: the running service signs one every five minutes.")
    if audit["erased"]:
        say(f"The payloads of {audit['erased']:,} entries were erased, each named by an erasure.")
    rows = ", ".join(f"{number:,} of {words(kind)}" for kind, number in audit["compared"].items() if number)
    say(f"Rows as the log says: {rows or 'none yet'}.")
    say(f"{audit['entries']:,} entries, unbroken.")


@command(audit, "verify", show=_print_audit)
def verify_audit(runtime: Runtime, report: Report) -> dict[str, Any]:
    """Verify the audit log: its chain, its signed heads, and that decisions and roles are what it says of them."""
    from serving.audit.service.verification import verify

    return verify(runtime, report)


def _print_renewed(renewal: dict[str, Any]) -> None:
    if renewal["kept"]:
        say(f"The heads before are kept in {renewal['kept']}.")
    say(f"The log is signed again, by the key {renewal['public_key'][:16]}.")


@command(audit, "restart-signing", show=_print_renewed)
def restart_signing(
    runtime: Runtime, reason: Annotated[str, typer.Option(help="Why; the log keeps it for ever.")]
) -> dict[str, Any]:
    """Start new signed heads in this data directory: its key or its heads are lost, or it is a second one."""
    from serving.accounts.rules.access import LOCAL
    from serving.audit.service.signing import restart_heads

    return restart_heads(runtime, reason=reason, by=LOCAL)


def _print_evidence(evidence: dict[str, Any]) -> None:
    for snapshot in evidence["differing"]:
        complain(
            *(f"{snapshot['evidence_id']} of {snapshot['case_id']}: {sentence}" for sentence in snapshot["differs"])
        )
    if evidence["differing"]:
        raise typer.Exit(EXIT_FAILED)
    if evidence["erased"]:
        say(f"Parts of {evidence['erased']:,} snapshots were erased; their digests still fit.")
    say(f"{evidence['snapshots']:,} snapshots, each unchanged since it was taken.")


@command(evidence, "verify", show=_print_evidence)
def verify_evidence(
    at: CommandScope,
    case_id: Annotated[str | None, typer.Argument(help="One case; by default the whole marketplace.")] = None,
) -> dict[str, Any]:
    """Recompute the hashes of evidence snapshots, and name every difference."""
    from serving.takedowns.service.evidence import verify

    return verify(at.runtime, at.place, case_id)
