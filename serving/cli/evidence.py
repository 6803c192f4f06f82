"""Commands about what was kept of the offers that were acted on."""

from typing import Annotated

import typer

from serving.cli.people import EXIT_BROKEN, Marketplace, call

app = typer.Typer()
evidence = typer.Typer(help="Evidence: offers as they were seen when somebody acted on them.", no_args_is_help=True)
app.add_typer(evidence, name="evidence")


@evidence.command("verify")
def verify(
    case_id: Annotated[str | None, typer.Argument(help="One case; without, all of the marketplace.")] = None,
    marketplace_name: Marketplace = None,
) -> None:
    """Recompute the hashes of evidence snapshots, and name what differs from what was taken."""
    found = call("verify_evidence", case_id=case_id, marketplace=marketplace_name)
    for one in found["differing"]:
        for sentence in one["differs"]:
            typer.secho(f"{one['evidence_id']} of {one['case_id']}: {sentence}", err=True, fg=typer.colors.RED)
    if found["differing"]:
        raise typer.Exit(EXIT_BROKEN)
    if found["erased"]:
        typer.echo(f"Of {found['erased']:,} snapshots parts were erased; their digests still fit.")
    typer.echo(f"{found['snapshots']:,} snapshots, each as it was taken.")
