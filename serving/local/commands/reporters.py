"""Who notifies offers."""

from typing import Any

from serving.local.commands.asking import administrator, place_named
from serving.local.commands.registry import command
from serving.notices.rules.notices import ReporterKind
from serving.notices.service import reporter_erasure, reporters
from serving.platform.runtime import Runtime


@command
def add_reporter(
    runtime: Runtime,
    *,
    name: str,
    email: str,
    kind: str,
    brand: str | None = None,
    by: str | None = None,
    marketplace: str | None = None,
) -> dict[str, Any]:
    """Register a reporter; its key is shown once."""
    place, actor = administrator(runtime, by, marketplace)
    wanted = reporters.NewReporter(name, email, ReporterKind(kind), brand, place.name)
    reporter_id, key = reporters.register(runtime, wanted, by=actor)
    return {"reporter_id": reporter_id, "key": key}


@command
def list_reporters(runtime: Runtime, *, marketplace: str | None = None) -> dict[str, Any]:
    """Reporters with what their notices came to."""
    return {"reporters": reporters.listed(runtime, place_named(runtime, marketplace))}


@command
def mute_reporter(
    runtime: Runtime, *, reporter: str, reason: str, by: str | None = None, marketplace: str | None = None
) -> dict[str, Any]:
    """Let a reporter's notices open no case for a time."""
    place, actor = administrator(runtime, by, marketplace)
    return {"until": reporters.mute(runtime, place, reporter, reason=reason, by=actor).isoformat()}


@command
def unmute_reporter(
    runtime: Runtime, *, reporter: str, reason: str, by: str | None = None, marketplace: str | None = None
) -> dict[str, Any]:
    """End a mute before its time."""
    place, actor = administrator(runtime, by, marketplace)
    reporters.unmute(runtime, place, reporter, reason=reason, by=actor)
    return {}


@command
def revoke_reporter(
    runtime: Runtime, *, reporter: str, by: str | None = None, marketplace: str | None = None
) -> dict[str, Any]:
    """End a reporter's key."""
    place, actor = administrator(runtime, by, marketplace)
    reporters.revoke(runtime, place, reporter, by=actor)
    return {}


@command
def erase_reporter(
    runtime: Runtime, *, reporter: str, carry_out: bool, by: str | None = None, marketplace: str | None = None
) -> dict[str, Any]:
    """Erase a reporter, or show what would be erased."""
    place, actor = administrator(runtime, by, marketplace)
    return reporter_erasure.erase_reporter(runtime, place, reporter, carry_out=carry_out, by=actor).shown()
