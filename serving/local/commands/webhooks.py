"""Receivers, and what was given up on."""

from typing import Any

from serving.accounts.rules.access import Permission
from serving.administration.service import founding
from serving.delivery.service.dead_letters import dead_letters, replay
from serving.local.commands.asking import BY, actor_named, place_named
from serving.local.commands.registry import command
from serving.platform.runtime import Runtime


@command
def register_webhook(
    runtime: Runtime,
    *,
    url: str,
    allow_loopback: bool = False,
    marketplace: str | None = None,
    secret: str | None = None,
    status_url: str | None = None,
) -> dict[str, Any]:
    """Register a marketplace's receiver."""
    shown = founding.register_webhook(
        runtime,
        url=url,
        allow_loopback=allow_loopback,
        marketplace=marketplace,
        secret=secret,
        by=BY,
        status_url=status_url,
    )
    return {"secret": shown}


@command
def rotate_webhook_secret(
    runtime: Runtime, *, overlap_hours: int, marketplace: str | None = None, secret: str | None = None
) -> dict[str, Any]:
    """Change a receiver's signing secret."""
    shown = founding.rotate_secret(runtime, overlap_hours=overlap_hours, marketplace=marketplace, secret=secret, by=BY)
    return {"secret": shown}


@command
def list_dead_letters(runtime: Runtime, *, most: int = 100, marketplace: str | None = None) -> dict[str, Any]:
    """How the receiver answers, and what was given up on."""
    found = place_named(runtime, marketplace)
    return dead_letters(runtime, found, most)


@command
def replay_dead_letters(
    runtime: Runtime, *, actions: list[str], by: str | None = None, marketplace: str | None = None
) -> dict[str, Any]:
    """Send again what was given up on."""
    found = place_named(runtime, marketplace)
    actor = actor_named(runtime, by, found.marketplace_id, Permission.ADMINISTER)
    return {"replayed": replay(runtime, found, actions, by=actor)}
