"""Commands for what brands know of their goods."""

from typing import Annotated

import typer

from serving.cli.people import Marketplace, call

app = typer.Typer()
tell_tales = typer.Typer(help="Tell-tales: what brands know of wording that gives goods away.", no_args_is_help=True)
app.add_typer(tell_tales, name="tell-tales")


@tell_tales.command("add")
def add_tell_tale(
    brand: str,
    *,
    label: Annotated[str, typer.Option(help="What it is called on pages, for a person.")],
    pattern: Annotated[str, typer.Option(help="An RE2 pattern, matched against the folded text.")],
    direction: Annotated[str, typer.Option(help="counterfeit or genuine: what it speaks for.")] = "counterfeit",
    where: Annotated[str, typer.Option(help="title, description or any.")] = "any",
    active_from: Annotated[str | None, typer.Option("--from", help="When it begins to hold; now if not said.")] = None,
    active_to: Annotated[str | None, typer.Option("--to", help="When it ends; never if not said.")] = None,
    marketplace_name: Marketplace = None,
) -> None:
    """Load a tell-tale of a brand; offers that come in from now on are looked at for it."""
    from features.tell_tales import Direction, Where

    for given, known, hint in ((direction, Direction, "--direction"), (where, Where, "--where")):
        if given not in set(known):
            raise typer.BadParameter(f"{given} is none of {', '.join(known)}.", param_hint=hint)
    found = call(
        "add_tell_tale",
        brand=brand,
        label=label,
        pattern=pattern,
        direction=direction,
        where=where,
        active_from=active_from,
        active_to=active_to,
        marketplace=marketplace_name,
    )
    typer.echo(found["tell_tale_id"])


@tell_tales.command("list")
def list_tell_tales(
    brand: Annotated[str | None, typer.Option(help="Only this brand's.")] = None, marketplace_name: Marketplace = None
) -> None:
    """Show the tell-tales that were not taken back."""
    rows = call("list_tell_tales", brand=brand, marketplace=marketplace_name)["tell_tales"]
    for row in rows:
        until = f" to {row['active_to'][:10]}" if row["active_to"] else ""
        typer.echo(f"{row['tell_tale_id']}  {row['brand']}: {row['label']}")
        typer.echo(f"  {row['direction']}, {row['where']}, from {row['active_from'][:10]}{until}: {row['pattern']}")
    if not rows:
        typer.echo("No brand has supplied a tell-tale.")


@tell_tales.command("remove")
def remove_tell_tale(tell_tale_id: str, marketplace_name: Marketplace = None) -> None:
    """Take a tell-tale back; what was scored with it stays as it was."""
    call("remove_tell_tale", tell_tale_id=tell_tale_id, marketplace=marketplace_name)
    typer.echo(f"{tell_tale_id} holds no longer.")
