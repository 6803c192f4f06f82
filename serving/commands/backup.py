"""Commands that back a data directory up, verify a backup, restore it, and go on without a lost key."""

from pathlib import Path
from typing import Annotated, Any

import typer

from serving.accounts.rules.access import LOCAL
from serving.commands.declaring import command
from serving.commands.groups import app
from serving.commands.options import settings_with
from serving.commands.registry import Runtime
from serving.commands.showing import EXIT_FAILED, complain, local_time, progress_bars, say
from serving.platform.progress import Report, ignore_progress

FOLDER = Annotated[Path, typer.Argument(help="Folder of the backup.", show_default=False)]


@command()
def make_backup(runtime: Runtime, folder: Path, report: Report = ignore_progress) -> dict[str, Any]:
    """Back the data directory up."""
    from serving.operations.service.backup_making import back_up

    return back_up(runtime, folder, report)


@app.command()
def backup(
    folder: FOLDER,
    *,
    verify: Annotated[bool, typer.Option("--verify", help="Verify this backup; nothing is written.")] = False,
) -> None:
    """Back the data directory up into a new folder, also while the service runs; or verify a backup."""
    folder = folder.expanduser().absolute()
    if verify:
        from serving.operations.service.backup_checking import check_backup

        with progress_bars() as report:
            _, figures = check_backup(folder, report)
        say(_backup_summary(figures))
        say("The backup is whole: its files, database, audit log, signed heads and keys.")
        return
    figures = make_backup(folder)
    say(_backup_summary(figures))
    say(f"Backed up in {figures['folder']}, digest {figures['digest'][:16]}. It holds keys: keep it confidential.")
    if figures["beside"]:
        say("Not in it, to be kept beside it:")
        say(figures["beside"])


@app.command()
def restore(
    folder: FOLDER,
    *,
    reason: Annotated[str, typer.Option(help="Why; the audit log keeps it for ever.")],
    replace: Annotated[bool, typer.Option(help="Replace a data directory that is not empty.")] = False,
) -> None:
    """Restore a backup into the data directory, which no service may be using; the audit log records it."""
    from models.errors import Invalid
    from serving.composition import open_runtime
    from serving.operations.service.backup_checking import manifest_of
    from serving.operations.service.backup_making import backup_summary
    from serving.operations.service.backup_restoring import record_restore, restore_backup, waiting_messages
    from serving.platform.home import Home

    if not reason.strip():
        raise Invalid("Give a reason.")
    settings, folder = settings_with(), folder.expanduser().absolute()
    home = Home.at(settings.home)
    with home.owned():
        with progress_bars() as report:
            before = restore_backup(settings, home, folder, replace=replace, report=report)
        manifest = manifest_of(folder)
        figures = backup_summary(manifest)
        runtime = open_runtime(settings, restoring=True)
        try:
            done = record_restore(runtime, manifest, figures["digest"], before, reason=reason.strip()[:500], by=LOCAL)
            number = waiting_messages(runtime)
        finally:
            runtime.close()
    say(_backup_summary(figures))
    if done["problems"]:
        complain(*done["problems"])
        raise typer.Exit(EXIT_FAILED)
    say(f"Restored into {home.root}, recorded as entry {done['entry']:,} of the audit log, and verified.")
    say(
        f"{number:,} messages to marketplaces wait. They leave when the service starts, under the ids that they had: a "
        "receiver that had one before knows it."
    )
    say(
        "What happened after the backup is unknown here: decisions, erasures, revoked keys and deactivated people. "
        "Repeat erasures, and check keys and people, before you start the service."
    )


@app.command("accept-secrets")
def accept_secrets(reason: Annotated[str, typer.Option(help="Why; the audit log keeps it for ever.")]) -> None:
    """Make the keys of this data directory those of a PostgreSQL database, after the former ones were lost.

    Other processes do not start until they have the same keys. Hashes and secrets under the lost keys stay unreadable.
    """
    from models.errors import Invalid
    from serving.accounts.rules.access import LOCAL
    from serving.audit.store import audit
    from serving.composition import common_secrets, open_runtime
    from serving.platform.database import common_secrets as secrets
    from serving.platform.home import Home

    if not reason.strip():
        raise Invalid("Give a reason.")
    settings = settings_with()
    home = Home.at(settings.home)
    with home.owned():
        runtime = open_runtime(settings, comparing=False)
        try:
            now = runtime.clock.now()
            with runtime.store.write() as connection:
                changed = secrets.accept_secrets(connection, common_secrets(settings, home), runtime.wall.now())
                if changed:
                    payload = {"secrets": changed, "reason": reason.strip()[:500]}
                    audit.record(connection, now, "", LOCAL, "secrets.accepted", "secrets", **payload)
        finally:
            runtime.close()
    say(f"Accepted: {', '.join(changed)}." if changed else "The database knows these secrets already.")


def _backup_summary(figures: dict[str, Any]) -> str:
    return (
        f"Of {local_time(figures['taken_at'])}: {figures['files']:,} files, {figures['bytes'] / 1e6:,.1f} MB, "
        f"{figures['rows']:,} rows, {figures['entries']:,} entries of the audit log."
    )
