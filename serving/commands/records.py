"""Commands that count and verify: figures, quarantine, the audit log, evidence."""

import json
from typing import Annotated, Any

import typer

from serving.commands.declaring import command
from serving.commands.groups import app, audit, evidence
from serving.commands.registry import At, Runtime
from serving.commands.showing import EXIT_FAILED, complain, say


@command(app, "figures", show=lambda found: say(json.dumps(found, indent=2)))
def get_figures(at: At) -> dict[str, Any]:
    """Print the figures that must add up, as JSON."""
    from serving.operations.service.figures import figures

    return figures(at.runtime, at.place)


@command(app, "quarantine")
def get_quarantine(at: At, most: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 20) -> list[str]:
    """Show the latest refused rows with their reasons."""
    from serving.listings.store.listings import quarantined

    with at.runtime.store.read() as connection:
        rows = quarantined(connection, at.here, most)
    lines = [
        f"{row['known_at'].isoformat()[:19]}  {row['source']:<14} {row['code']:<16} {row['sentence']}" for row in rows
    ]
    return lines or ["Nothing is in quarantine."]


def _print_audit(found: dict[str, Any]) -> None:
    if (broken := found["broken"]) is not None:
        complain(f"Entry {broken['sequence']}: {broken['problem']}.")
    if found["heads_problem"] is not None:
        complain(f"{found['heads_problem'].capitalize()}.")
    if broken is not None or found["heads_problem"] is not None:
        raise typer.Exit(EXIT_FAILED)
    if (last := found["last_head"]) is not None:
        say(f"{found['heads']:,} signed heads, the last of entry {last['sequence']:,} at {last['signed_at']}.")
    else:
        say("No head is signed yet: the running service signs one every five minutes.")
    if found["erased"]:
        say(f"The payloads of {found['erased']:,} entries were erased, each named by an erasure.")
    say(f"{found['entries']:,} entries, unbroken.")


@command(audit, "verify", show=_print_audit)
def verify_audit(runtime: Runtime) -> dict[str, Any]:
    """Check that no entry of the audit log was altered, removed or reordered, by its chain and by the signed heads."""
    from serving.audit.service import verify

    return verify(runtime)


def _print_evidence(found: dict[str, Any]) -> None:
    for one in found["differing"]:
        complain(*(f"{one['evidence_id']} of {one['case_id']}: {sentence}" for sentence in one["differs"]))
    if found["differing"]:
        raise typer.Exit(EXIT_FAILED)
    if found["erased"]:
        say(f"Parts of {found['erased']:,} snapshots were erased; their digests still fit.")
    say(f"{found['snapshots']:,} snapshots, each unchanged since it was taken.")


@command(evidence, "verify", show=_print_evidence)
def verify_evidence(
    at: At, case_id: Annotated[str | None, typer.Argument(help="One case; by default the whole marketplace.")] = None
) -> dict[str, Any]:
    """Recompute the hashes of evidence snapshots, and name every difference."""
    from serving.takedowns.service.evidence import verify

    return verify(at.runtime, at.place, case_id)
