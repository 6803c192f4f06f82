"""Commands about who is here: marketplaces, people, brands, keys, webhooks, the audit log."""

import json
from typing import Annotated, Any

import typer

from serving.cli.run import settings_with

app = typer.Typer()
marketplace = typer.Typer(help="Marketplaces.", no_args_is_help=True)
person = typer.Typer(help="People and their roles.", no_args_is_help=True)
brand = typer.Typer(help="Brands and their enrolment.", no_args_is_help=True)
key = typer.Typer(help="API keys.", no_args_is_help=True)
webhook = typer.Typer(help="Where marketplaces are told what to do.", no_args_is_help=True)
audit = typer.Typer(help="The audit log.", no_args_is_help=True)
for name, group in {
    "marketplace": marketplace,
    "person": person,
    "brand": brand,
    "key": key,
    "webhook": webhook,
    "audit": audit,
}.items():
    app.add_typer(group, name=name)

Marketplace = Annotated[str | None, typer.Option("--marketplace", help="Its name, where there are several.")]
EXIT_BROKEN = 1


def call(command: str, /, **arguments: Any) -> dict[str, Any]:
    """Run a local command on the service, or on the database where none runs."""
    from serving.local.client import connect

    with connect(settings_with()) as local:
        return local.call(command, **arguments)


@marketplace.command("add")
def add_marketplace(name: str, currency: Annotated[str, typer.Option(help="Base currency.")] = "EUR") -> None:
    """Found a marketplace."""
    typer.echo(call("add_marketplace", name=name, base_currency=currency)["marketplace_id"])


@person.command("add")
def add_person(
    email: str,
    name: Annotated[str, typer.Option(help="Full name.")],
    role: Annotated[str, typer.Option(help="analyst, brand, account_manager, data_scientist or admin.")],
    brand_name: Annotated[str | None, typer.Option("--brand", help="The brand of a brand's person.")] = None,
    marketplace_name: Marketplace = None,
    *,
    briefed: Annotated[
        bool, typer.Option("--briefed", help="A brand's person who knows the briefing; you vouch for it.")
    ] = False,
    leads: Annotated[
        bool, typer.Option("--leads", help="A brand's person who may change what the brand has on file.")
    ] = False,
) -> None:
    """Give somebody an account; the password is shown once."""
    from serving.accounts.rules.access import Role

    if role not in {known.value for known in Role}:
        raise typer.BadParameter(f"{role} is none of {', '.join(known.value for known in Role)}.", param_hint="--role")
    found = call(
        "add_person",
        email=email,
        name=name,
        role=role,
        brand=brand_name,
        marketplace=marketplace_name,
        briefed=briefed,
        leads=leads,
    )
    typer.echo(f"{email} {found['password']}")


@person.command("reset")
def reset_password(email: str) -> None:
    """Make a link for somebody who forgot their password; it is shown once, works once, and ends after 24 hours."""
    from serving.platform.home import Home
    from serving.service import DEFAULT_PORT

    settings = settings_with()
    port = settings.port or Home.at(settings.home).read_service().get("port") or DEFAULT_PORT
    address = settings.public_url or f"http://{settings.host}:{port}"
    typer.echo(address.rstrip("/") + call("make_reset_link", email=email)["path"])


@brand.command("add")
def add_brand(
    name: str,
    alias: Annotated[list[str] | None, typer.Option(help="Another name; repeat it.")] = None,
    gtin_prefix: Annotated[list[str] | None, typer.Option(help="A GS1 company prefix; repeat it.")] = None,
) -> None:
    """Register a brand."""
    typer.echo(call("add_brand", name=name, aliases=alias or [], gtin_prefixes=gtin_prefix or [])["brand_id"])


@brand.command("enrol")
def enrol_brand(
    name: str,
    account_manager: Annotated[
        str | None,
        typer.Option(help="E-mail of its named account manager; without it whoever looks after the fewest brands."),
    ] = None,
    takes_part: Annotated[bool, typer.Option(help="Whether the brand answers questions.")] = True,
    authorise: Annotated[list[str] | None, typer.Option(help="Id of an authorised seller; repeat it.")] = None,
    daily_questions: Annotated[
        int | None, typer.Option(min=0, help="Most questions a day; without it there is no limit.")
    ] = None,
    marketplace_name: Marketplace = None,
    *,
    first_phase: Annotated[
        bool, typer.Option(help="Whether the brand begins within limits; not one that you know already.")
    ] = True,
) -> None:
    """Enrol a brand in a marketplace, or change its enrolment."""
    call(
        "enrol_brand",
        brand=name,
        account_manager=account_manager,
        takes_part=takes_part,
        authorised_sellers=authorise or [],
        daily_questions=daily_questions,
        first_phase=first_phase,
        marketplace=marketplace_name,
    )
    typer.echo(f"{name} is enrolled.")


@key.command("add")
def add_key(
    name: str,
    scope: Annotated[list[str], typer.Option(help="intake, score, endpoints, backfill or clock; repeat it.")],
    marketplace_name: Marketplace = None,
) -> None:
    """Make an API key; it is shown once."""
    from serving.accounts.rules.access import Scope

    unknown = [one for one in scope if one not in {known.value for known in Scope}]
    if unknown:
        raise typer.BadParameter(f"{unknown[0]} is no scope.", param_hint="--scope")
    typer.echo(call("add_key", name=name, scopes=scope, marketplace=marketplace_name)["key"])


@webhook.command("add")
def add_webhook(
    url: str,
    allow_loopback: Annotated[bool, typer.Option(help="Accept http:// to this machine; for trials only.")] = False,
    status_url: Annotated[
        str | None, typer.Option(help="Where it says whether it shows {listing}; with it removals are verified.")
    ] = None,
    marketplace_name: Marketplace = None,
) -> None:
    """Register a marketplace's receiver; the signing secret is shown once."""
    found = call(
        "register_webhook",
        url=url,
        allow_loopback=allow_loopback,
        status_url=status_url,
        marketplace=marketplace_name,
    )
    typer.echo(found["secret"])


@audit.command("verify")
def verify_audit() -> None:
    """Check that no entry of the audit log was altered, removed or reordered, by its chain and by the signed heads."""
    found = call("verify_audit")
    problems = []
    if (broken := found["broken"]) is not None:
        problems.append(f"Entry {broken['sequence']}: {broken['problem']}.")
    if found["heads_problem"] is not None:
        problems.append(f"{found['heads_problem'].capitalize()}.")
    for problem in problems:
        typer.secho(problem, err=True, fg=typer.colors.RED)
    if problems:
        raise typer.Exit(EXIT_BROKEN)
    if (last := found["last_head"]) is not None:
        typer.echo(f"{found['heads']:,} signed heads, the last of entry {last['sequence']:,} at {last['signed_at']}.")
    else:
        typer.echo("No head is signed yet: the running service signs one every five minutes.")
    if found["erased"]:
        typer.echo(f"The payloads of {found['erased']:,} entries were erased, each named by an erasure.")
    typer.echo(f"{found['entries']:,} entries, unbroken.")


@app.command()
def figures(marketplace_name: Marketplace = None) -> None:
    """Print the figures that must add up, as JSON."""
    typer.echo(json.dumps(call("get_figures", marketplace=marketplace_name), indent=2))


@app.command()
def quarantine(
    most: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 20, marketplace_name: Marketplace = None
) -> None:
    """Show the latest refused rows with their reasons."""
    rows = call("get_quarantine", most=most, marketplace=marketplace_name)["rows"]
    for row in rows:
        typer.echo(f"{row['known_at'][:19]}  {row['source']:<14} {row['code']:<16} {row['sentence']}")
    if not rows:
        typer.echo("Nothing is in quarantine.")
