"""Commands about who notifies offers from outside."""

from typing import Annotated

import typer

from serving.cli.people import Marketplace, call

app = typer.Typer()
reporter = typer.Typer(help="Who notifies offers: registered, warned, muted.", no_args_is_help=True)
app.add_typer(reporter, name="reporter")
ReporterId = Annotated[str, typer.Argument(help="Its id as `touchstone reporter list` gives it.")]
Reason = Annotated[str, typer.Option(help="Why; it stands in the audit log.")]
By = Annotated[str | None, typer.Option(help="E-mail of the administrator who decided it.")]


@reporter.command("add")
def add_reporter(
    name: str,
    *,
    email: Annotated[str, typer.Option(help="Where it is answered.")],
    kind: Annotated[str, typer.Option(help="registered, brand or trusted_flagger.")] = "registered",
    brand: Annotated[str | None, typer.Option(help="The brand that a brand's reporter acts for.")] = None,
    by: By = None,
    marketplace: Marketplace = None,
) -> None:
    """Register a reporter and print its key, which is shown once and not kept."""
    from serving.notices.rules.notices import ReporterKind

    if kind not in {known.value for known in ReporterKind}:
        raise typer.BadParameter(f"{kind} is none of registered, brand, trusted_flagger.", param_hint="--kind")
    found = call("add_reporter", name=name, email=email, kind=kind, brand=brand, by=by, marketplace=marketplace)
    typer.echo(f"{found['reporter_id']} {found['key']}")


@reporter.command("list")
def list_reporters(marketplace: Marketplace = None) -> None:
    """List reporters with what their notices of a year came to, and who may be muted."""
    found = call("list_reporters", marketplace=marketplace)["reporters"]
    for one in found:
        who = f"{one['name']} <{one['email']}>" if one["email"] else "(erased)"
        state = f", muted until {one['muted_until']}" if one["muted_until"] else ""
        warned = f", warned {one['warned_at']}" if one["warned_at"] else ""
        may = ", may be muted" if one["may_mute"] and not one["muted_until"] else ""
        typer.echo(f"{one['reporter_id']}  {one['kind']}  {who}{warned}{state}{may}")
        typer.echo(f"  {' '.join(one['reasons'])}")
    if not found:
        typer.echo("Nobody has notified anything.")


@reporter.command("mute")
def mute_reporter(reporter_id: ReporterId, reason: Reason, by: By = None, marketplace: Marketplace = None) -> None:
    """Let a reporter's new notices open no case for 90 days; refused without a warning before."""
    found = call("mute_reporter", reporter=reporter_id, reason=reason, by=by, marketplace=marketplace)
    typer.echo(f"{reporter_id} is muted until {found['until']}.")


@reporter.command("unmute")
def unmute_reporter(reporter_id: ReporterId, reason: Reason, by: By = None, marketplace: Marketplace = None) -> None:
    """End a mute before its time."""
    call("unmute_reporter", reporter=reporter_id, reason=reason, by=by, marketplace=marketplace)
    typer.echo(f"{reporter_id} is no longer muted.")


@reporter.command("revoke")
def revoke_reporter(reporter_id: ReporterId, by: By = None, marketplace: Marketplace = None) -> None:
    """End a registered reporter's key; its notices go on."""
    call("revoke_reporter", reporter=reporter_id, by=by, marketplace=marketplace)
    typer.echo(f"The key of {reporter_id} holds no longer.")
