"""Commands about a marketplace's receiver: registered, given up on, sent again, and whether it does its part."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from serving.accounts.rules.access import LOCAL
from serving.commands.declaring import command
from serving.commands.groups import webhook
from serving.commands.options import Marketplace, a_place_for_a_file, write_json
from serving.commands.registry import At, Runtime, Who
from serving.commands.showing import EXIT_FAILED, say


@command()
def register_webhook(
    runtime: Runtime,
    url: str,
    allow_loopback: bool = False,
    status_url: str | None = None,
    marketplace: Marketplace = None,
    secret: str | None = None,
) -> str:
    """Register a receiver; returns its signing secret, which is made up where none is given."""
    from serving.administration.service import provisioning

    given = {"status_url": status_url, "marketplace": marketplace, "secret": secret}
    return provisioning.register_webhook(runtime, url=url, allow_loopback=allow_loopback, by=LOCAL, **given)


@webhook.command("add")
def add_webhook(
    url: str,
    allow_loopback: Annotated[bool, typer.Option(help="Accept http:// to this machine; for trials only.")] = False,
    status_url: Annotated[
        str | None, typer.Option(help="Where it says whether it shows {listing}; with it removals are verified.")
    ] = None,
    marketplace: Marketplace = None,
) -> None:
    """Register a marketplace's receiver; the signing secret is shown once."""
    say(register_webhook(url, allow_loopback, status_url, marketplace))


@command(webhook, "rotate")
def rotate_webhook_secret(
    at: At,
    overlap_hours: Annotated[
        int, typer.Option(min=0, max=168, help="Hours in which the secret before signs as well; 0 where it is known.")
    ] = 24,
) -> str:
    """Change the signing secret; the new one is shown once, and each message is signed with both for a while."""
    from serving.administration.service.provisioning import rotate_secret

    return rotate_secret(at.runtime, overlap_hours=overlap_hours, marketplace=at.place.name, secret=None, by=at.actor)


@command(webhook, "dead-letters")
def list_dead_letters(
    at: At, most: Annotated[int, typer.Option(min=1, max=5_000, help="How many.")] = 100
) -> list[str]:
    """Show how the receiver answers, and the actions that were given up on after a week."""
    from serving.delivery.service.dead_letters import dead_letters

    found = dead_letters(at.runtime, at.place, most)
    lines = [_how_it_answers(found["receiver"])]
    for one in found["dead"]:
        about = one["listing_external_id"] or f"seller {one['seller_external_id']}"
        lines.append(
            f"{one['action_id']}  {one['kind']:<9} {about}  sequence {one['sequence']}, "
            f"{one['attempts']} attempts: {one['last_error']}"
        )
    return lines if found["dead"] else [*lines, "Nothing was given up on."]


def _how_it_answers(receiver: dict[str, Any] | None) -> str:
    if receiver is None:
        return "No webhook endpoint is registered."
    if receiver["failing_since"] is None:
        return f"{receiver['url']} answers."
    return (
        f"{receiver['url']} has not answered since {receiver['failing_since'][:19]}, "
        f"{receiver['failures']:,} deliveries in a row."
    )


@command(webhook, "replay", by=Who("E-mail of the administrator who asks for it."))
def replay_dead_letters(
    at: At,
    action: Annotated[list[str] | None, typer.Argument(help="Ids of actions; without, all dead letters.")] = None,
) -> str:
    """Send again what was given up on; the receiver knows what it has applied by the message's id."""
    from serving.delivery.service.dead_letters import replay

    return f"{len(replay(at.runtime, at.place, action or [], by=at.actor)):,} actions are sent again."


@webhook.command("conformance")
def conformance(
    url: Annotated[str, typer.Argument(help="Address of the receiver; use one for tests.")],
    *,
    secret: Annotated[str, typer.Option(envvar="TOUCHSTONE_CONFORMANCE_SECRET", help="Its signing secret, whsec_...")],
    status_url: Annotated[
        str | None, typer.Option(help="Where it says whether it shows {listing}; without, effects are not judged.")
    ] = None,
    allow_loopback: Annotated[bool, typer.Option(help="Accept http:// to this machine.")] = False,
    timeout: Annotated[float, typer.Option(min=0.1, max=60, help="Seconds in which it must answer.")] = 10.0,
    json_file: Annotated[
        Path | None, typer.Option("--json", callback=a_place_for_a_file, help="Write the results here.")
    ] = None,
) -> None:
    """Try on a receiver what the service will ask of it; ends with 1 where a check fails."""
    from serving.delivery.client import Receiver, passed, run
    from serving.platform.outbound.addresses import check_url
    from serving.webhooks.client import check_secret, check_status_url

    check_url(url, allow_loopback=allow_loopback)
    check_secret(secret)
    if status_url is not None:
        check_status_url(status_url, allow_loopback=allow_loopback)
    results = run(Receiver(url, secret, allow_loopback, timeout, status_url))
    for one in results:
        say(f"{one.mark.value.replace('_', ' '):<11} {one.name:<20} {one.asks}")
        if one.seen != "As asked.":
            say(f"{'':<11} {'':<20} {one.seen}")
    counts = [sum(one.mark.value == mark for one in results) for mark in ("passed", "failed", "not_judged")]
    say("{} passed, {} failed, {} not judged.".format(*counts))
    write_json(json_file, {"url": url, "passed": passed(results), "checks": [asdict(one) for one in results]})
    if not passed(results):
        raise typer.Exit(EXIT_FAILED)
