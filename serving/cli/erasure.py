"""Commands that erase what is kept of a seller, and that forbid it."""

from typing import Annotated

import typer

from serving.cli.people import Marketplace, call

app = typer.Typer()
erase = typer.Typer(help="Erase personal data.", no_args_is_help=True)
hold = typer.Typer(help="Legal holds: sellers of whom nothing may be erased.", no_args_is_help=True)
app.add_typer(erase, name="erase")
app.add_typer(hold, name="hold")
Seller = Annotated[str, typer.Argument(help="The marketplace's id of the seller.")]
Reason = Annotated[str, typer.Option(help="Why; it stands in the audit log.")]
By = Annotated[str | None, typer.Option(help="E-mail of the administrator who decided it.")]


@erase.command("seller")
def erase_seller(
    seller: Seller,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Erase; without it, only show what would be erased.")] = False,
    by: By = None,
    marketplace: Marketplace = None,
) -> None:
    """Show what would be erased of a seller, what is kept and why; with --yes, erase it for good."""
    found = call("erase_seller", seller=seller, carry_out=yes, by=by, marketplace=marketplace)
    typer.echo("Erased:" if found["carried_out"] else "Would be erased:")
    for name, many in found["erased"].items():
        typer.echo(f"  {many:,} {name}")
    if found["kept_for_now"]:
        typer.echo("Kept for now, and erased by the service once it may be:")
    for why, many in found["kept_for_now"].items():
        typer.echo(f"  what belongs to {many:,} {'decision' if many == 1 else 'decisions'}: {why}")
    typer.echo("Kept:")
    for sentence in found["kept"]:
        typer.echo(f"  {sentence}")
    if not found["carried_out"]:
        typer.echo("Nothing was erased. Run it again with --yes.")


@erase.command("reporter")
def erase_reporter(
    reporter: Annotated[str, typer.Argument(help="Its id, or the e-mail address of a stranger's notices.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Erase; without it, only show what would be erased.")] = False,
    by: By = None,
    marketplace: Marketplace = None,
) -> None:
    """Show what would be erased of who notified offers, and what is kept; with --yes, erase it for good."""
    found = call("erase_reporter", reporter=reporter, carry_out=yes, by=by, marketplace=marketplace)
    done = "Erased" if found["carried_out"] else "Would be erased"
    typer.echo(f"{done}: name, address, and what was written in {found['texts']:,} notices.")
    if found["waits"]:
        typer.echo("A notice or complaint is being decided; the service erases it when it has been.")
    typer.echo("Kept:")
    for sentence in found["kept"]:
        typer.echo(f"  {sentence}")
    if not yes:
        typer.echo("Nothing was erased. Run it again with --yes.")


@hold.command("set")
def set_hold(seller: Seller, reason: Reason, by: By = None, marketplace: Marketplace = None) -> None:
    """Keep everything of a seller until the hold is lifted."""
    call("set_legal_hold", seller=seller, reason=reason, by=by, marketplace=marketplace)
    typer.echo(f"{seller} is under legal hold.")


@hold.command("lift")
def lift_hold(seller: Seller, reason: Reason, by: By = None, marketplace: Marketplace = None) -> None:
    """End a legal hold."""
    call("lift_legal_hold", seller=seller, reason=reason, by=by, marketplace=marketplace)
    typer.echo(f"{seller} is no longer under legal hold.")


@hold.command("list")
def list_holds(marketplace: Marketplace = None) -> None:
    """List the sellers under legal hold, since when, by whom and why."""
    found = call("list_legal_holds", marketplace=marketplace)["holds"]
    for one in found:
        typer.echo(f"{one['seller']}: since {one['since']}, by {one['set_by']}: {one['reason']}")
    if not found:
        typer.echo("Nobody is under legal hold.")
