"""Commands for the rights of brands and for who acts for them."""

from pathlib import Path
from typing import Annotated

import typer

from serving.cli.people import Marketplace, call, marketplace

app = typer.Typer()
right = typer.Typer(help="Rights of brands: marks, designs, copyrights.", no_args_is_help=True)
agent = typer.Typer(help="Who acts for a brand by a power of attorney.", no_args_is_help=True)
app.add_typer(right, name="right")
app.add_typer(agent, name="agent")

Territory = Annotated[list[str], typer.Option(help="An ISO 3166 code, EU or WORLD; repeat it.")]
Document = Annotated[Path | None, typer.Option(help="PDF, PNG or JPEG; the same file is kept once.")]
RightId = Annotated[str, typer.Argument(help="Its id as `touchstone right list` gives it.")]


@right.command("add")
def add_right(
    brand: str,
    *,
    kind: Annotated[str, typer.Option(help="mark, design or copyright.")],
    title: Annotated[str, typer.Option(help="What is protected, in a word.")],
    office: Annotated[str, typer.Option(help="Where it is registered: EUIPO, WIPO, USPTO …")],
    number: Annotated[str, typer.Option(help="Its number there.")],
    territory: Territory,
    nice_class: Annotated[list[int] | None, typer.Option("--class", help="A Nice class; repeat it.")] = None,
    first_day: Annotated[str | None, typer.Option("--from", help="The first day on which it holds.")] = None,
    last_day: Annotated[str | None, typer.Option("--to", help="The last day on which it holds.")] = None,
    document: Document = None,
) -> None:
    """Put a right of a brand on file; it carries nothing until it is verified."""
    found = call(
        "add_right",
        brand=brand,
        kind=kind,
        title=title,
        office=office,
        number=number,
        territories=territory,
        classes=nice_class or [],
        first_day=first_day,
        last_day=last_day,
        document=_supplied(brand, document),
    )
    typer.echo(found["right_id"])


@right.command("list")
def list_rights(brand: str) -> None:
    """Show a brand's rights, how far each was looked at, and where and until when it holds."""
    rows = call("list_rights", brand=brand)["rights"]
    for row in rows:
        registered = f"{row['office']} {row['number']}".strip() or "no document seen"
        until = f" until {row['last_day']}" if row["last_day"] else ""
        typer.echo(f"{row['right_id']}  {row['kind']} {row['title']} ({registered}): {row['state']}")
        typer.echo(f"  holds in {', '.join(row['territories'])}{until}")
    if not rows:
        typer.echo(f"{brand} has no right on file: it can confirm nothing.")


@right.command("verify")
def verify_right(right_id: RightId) -> None:
    """Say that a right was looked up at its office and is as claimed; from now on it carries notices."""
    call("settle_right", right_id=right_id, state="verified")
    typer.echo(f"{right_id} is verified.")


@right.command("refuse")
def refuse_right(right_id: RightId, reason: Annotated[str, typer.Option(help="Why; the brand reads it.")]) -> None:
    """Say that a right is not as claimed."""
    call("settle_right", right_id=right_id, state="refused", note=reason)
    typer.echo(f"{right_id} is refused.")


@right.command("withdraw")
def withdraw_right(right_id: RightId) -> None:
    """Take a right back; it carries nothing from now on."""
    call("settle_right", right_id=right_id, state="withdrawn")
    typer.echo(f"{right_id} is withdrawn.")


@agent.command("add")
def add_agent(
    brand: str,
    *,
    email: Annotated[str, typer.Option(help="E-mail of the account that acts for the brand.")],
    name: Annotated[str, typer.Option(help="The agent as the power of attorney names it.")],
    territory: Territory,
    last_day: Annotated[str, typer.Option("--to", help="The last day of the power of attorney.")],
    kind: Annotated[list[str] | None, typer.Option(help="Kinds of rights; all if not said. Repeat it.")] = None,
    document: Document = None,
) -> None:
    """Record a power of attorney; from now on its scope and its end are those of the account."""
    found = call(
        "add_mandate",
        brand=brand,
        email=email,
        agent=name,
        territories=territory,
        last_day=last_day,
        kinds=kind or [],
        document=_supplied(brand, document),
    )
    typer.echo(found["mandate_id"])


@agent.command("revoke")
def revoke_agent(mandate_id: str) -> None:
    """End a power of attorney now."""
    call("revoke_mandate", mandate_id=mandate_id)
    typer.echo(f"{mandate_id} holds no longer.")


@marketplace.command("sells-in")
def sells_in(territory: Annotated[list[str], typer.Argument()], marketplace_name: Marketplace = None) -> None:
    """Say where a marketplace sells: rights that hold in none of these places carry nothing there."""
    call("sell_in", territories=territory, marketplace=marketplace_name)
    typer.echo(f"It sells in {', '.join(territory)}.")


def _supplied(brand: str, document: Path | None) -> str | None:
    """The digest of a document after it was supplied."""
    if document is None:
        return None
    from base64 import b64encode

    try:
        content = b64encode(document.read_bytes()).decode()
    except OSError as problem:
        raise typer.BadParameter(str(problem), param_hint="--document") from None
    found = call("keep_document", brand=brand, name=document.name, content=content)
    return str(found["digest"])
