"""Commands about a marketplace's receiver: what was given up on, sent again, and whether the receiver does its part."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from serving.cli.people import EXIT_BROKEN, Marketplace, call, webhook
from serving.cli.run import a_place_for_a_file

app = typer.Typer()


@webhook.command("rotate")
def rotate(
    overlap_hours: Annotated[
        int, typer.Option(min=0, max=168, help="Hours in which the secret before signs as well; 0 where it is known.")
    ] = 24,
    marketplace_name: Marketplace = None,
) -> None:
    """Change the signing secret; the new one is shown once, and each message is signed with both for a while."""
    found = call("rotate_webhook_secret", overlap_hours=overlap_hours, marketplace=marketplace_name)
    typer.echo(found["secret"])


@webhook.command("dead-letters")
def list_dead_letters(
    most: Annotated[int, typer.Option(min=1, max=5_000, help="How many.")] = 100, marketplace_name: Marketplace = None
) -> None:
    """Show how the receiver answers, and the actions that were given up on after a week."""
    found = call("list_dead_letters", most=most, marketplace=marketplace_name)
    receiver = found["receiver"]
    if receiver is None:
        typer.echo("No webhook endpoint is registered.")
    elif receiver["failing_since"] is None:
        typer.echo(f"{receiver['url']} answers.")
    else:
        typer.echo(
            f"{receiver['url']} has not answered since {receiver['failing_since'][:19]}, "
            f"{receiver['failures']:,} deliveries in a row."
        )
    for one in found["dead"]:
        about = one["listing_external_id"] or f"seller {one['seller_external_id']}"
        typer.echo(
            f"{one['action_id']}  {one['kind']:<9} {about}  sequence {one['sequence']}, "
            f"{one['attempts']} attempts: {one['last_error']}"
        )
    if not found["dead"]:
        typer.echo("Nothing was given up on.")


@webhook.command("replay")
def replay(
    action: Annotated[list[str] | None, typer.Argument(help="Ids of actions; without, all dead letters.")] = None,
    by: Annotated[str | None, typer.Option(help="E-mail of the administrator who asks for it.")] = None,
    marketplace_name: Marketplace = None,
) -> None:
    """Send again what was given up on; the receiver knows what it has applied by the message's id."""
    found = call("replay_dead_letters", actions=action or [], by=by, marketplace=marketplace_name)
    typer.echo(f"{len(found['replayed']):,} actions are sent again.")


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
        typer.echo(f"{one.mark.value.replace('_', ' '):<11} {one.name:<20} {one.asks}")
        if one.seen != "As asked.":
            typer.echo(f"{'':<11} {'':<20} {one.seen}")
    counts = [sum(one.mark.value == mark for one in results) for mark in ("passed", "failed", "not_judged")]
    typer.echo("{} passed, {} failed, {} not judged.".format(*counts))
    if json_file is not None:
        found = {"url": url, "passed": passed(results), "checks": [asdict(one) for one in results]}
        json_file.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    if not passed(results):
        raise typer.Exit(EXIT_BROKEN)
