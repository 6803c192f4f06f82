"""Commands about the reporters of listings."""

from typing import Annotated

import typer

from serving.commands.declaring import command
from serving.commands.groups import reporter
from serving.commands.options import Reason
from serving.commands.registry import ADMINISTRATOR, At
from serving.notices.rules.notices import ReporterKind

ReporterId = Annotated[str, typer.Argument(help="Its id, as in `touchstone reporter list`.")]


def _kind(value: str) -> str:
    if value not in set(ReporterKind):
        raise typer.BadParameter(f"{value} is none of registered, brand, trusted_flagger.", param_hint="--kind")
    return value


@command(reporter, "add", by=ADMINISTRATOR)
def add_reporter(
    at: At,
    name: str,
    *,
    email: Annotated[str, typer.Option(help="Address for replies.")],
    kind: Annotated[str, typer.Option(callback=_kind, help="registered, brand or trusted_flagger.")] = "registered",
    brand: Annotated[str | None, typer.Option(help="The brand that a brand's reporter acts for.")] = None,
) -> str:
    """Register a reporter and print its key, which is shown once and not stored."""
    from serving.notices.service import reporters

    wanted = reporters.NewReporter(name, email, ReporterKind(kind), brand, at.place.name)
    return " ".join(reporters.register(at.runtime, wanted, by=at.actor))


@command(reporter, "list")
def list_reporters(at: At) -> list[str]:
    """List reporters with the outcomes of their notices of a year, and who may be muted."""
    from serving.notices.service import reporters

    texts: list[str] = []
    for one in reporters.listed(at.runtime, at.place):
        who = f"{one['name']} <{one['email']}>" if one["email"] else "(erased)"
        state = f", muted until {one['muted_until']}" if one["muted_until"] else ""
        warned = f", warned {one['warned_at']}" if one["warned_at"] else ""
        may = ", may be muted" if one["may_mute"] and not one["muted_until"] else ""
        texts.append(f"{one['reporter_id']}  {one['kind']}  {who}{warned}{state}{may}")
        texts.append(f"  {' '.join(one['reasons'])}")
    return texts or ["Nobody has notified anything."]


@command(reporter, "mute", by=ADMINISTRATOR)
def mute_reporter(at: At, reporter_id: ReporterId, reason: Reason) -> str:
    """Mute a reporter: new notices open no case for 90 days; refused without an earlier warning."""
    from serving.notices.service import reporters

    until = reporters.mute(at.runtime, at.place, reporter_id, reason=reason, by=at.actor)
    return f"{reporter_id} is muted until {until.isoformat()}."


@command(reporter, "unmute", by=ADMINISTRATOR)
def unmute_reporter(at: At, reporter_id: ReporterId, reason: Reason) -> str:
    """End a mute early."""
    from serving.notices.service import reporters

    reporters.unmute(at.runtime, at.place, reporter_id, reason=reason, by=at.actor)
    return f"{reporter_id} is no longer muted."


@command(reporter, "revoke", by=ADMINISTRATOR)
def revoke_reporter(at: At, reporter_id: ReporterId) -> str:
    """Revoke a registered reporter's key; its notices stay open."""
    from serving.notices.service import reporters

    reporters.revoke(at.runtime, at.place, reporter_id, by=at.actor)
    return f"The key of {reporter_id} is revoked."
