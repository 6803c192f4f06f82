"""Commands about marketplaces, people and API keys."""

import csv
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from models.errors import Invalid
from serving.accounts.rules.access import LOCAL, Role, Scope
from serving.commands.declaring import command
from serving.commands.groups import key, marketplace, person
from serving.commands.options import Marketplace, known_choice, settings_with
from serving.commands.registry import CommandScope, Runtime
from serving.commands.showing import local_time, say

_NEEDED: Final = ("email", "name", "role")
_MARKS: Final = {"": False, "no": False, "false": False, "0": False, "yes": True, "true": True, "1": True}
_FLAGS: Final = ("certified", "leads")
_COLUMNS: Final = (*_NEEDED, "brand", "marketplace", *_FLAGS)


def _check_scopes(scopes: list[str]) -> list[str]:
    return [known_choice(scope, Scope, "--scope") for scope in scopes]


@command(marketplace, "add")
def add_marketplace(
    runtime: Runtime, name: str, currency: Annotated[str, typer.Option(help="Base currency.")] = "EUR"
) -> str:
    """Create a marketplace."""
    from serving.accounts.service import provisioning

    return provisioning.add_marketplace(runtime, name=name, base_currency=currency, by=LOCAL).marketplace_id


@command(marketplace, "sells-in")
def sell_in(at: CommandScope, territory: Annotated[list[str], typer.Argument()]) -> str:
    """Set where a marketplace sells: rights that hold in none of these territories support no takedowns there."""
    from serving.brands.service import brand_file

    brand_file.set_sales_territory(at.runtime, territory, marketplace=at.place.name, by=at.actor)
    return f"It sells in {', '.join(territory)}."


@command(marketplace, "audits")
def set_audits(at: CommandScope, number: Annotated[int, typer.Argument(help="Audits in 24 hours.")]) -> str:
    """Set how many confirmations of brands are audited in a day at most, beyond one in twenty."""
    from serving.standing import service

    service.set_audits_a_day(at.runtime, at.place.marketplace_id, number, by=at.actor)
    return f"At most {number:,} audits a day."


@command(marketplace, "seller-links")
def set_seller_links(at: CommandScope, enabled: Annotated[bool, typer.Argument(help="yes or no.")]) -> str:
    """Set whether every removal carries the seller's link in its webhook; yes unless you change it."""
    from serving.appeals.service import seller_links

    seller_links.set_seller_links(at.runtime, at.place.marketplace_id, enabled=enabled, by=at.actor)
    return "Every removal carries the seller's link." if enabled else "No removal carries the seller's link."


@command()
def add_person(
    runtime: Runtime,
    email: str,
    name: str,
    role: str,
    brand: str | None = None,
    marketplace_name: str | None = None,
    *,
    certified: bool = False,
    leads: bool = False,
) -> str:
    """Create an account; returns its address and password."""
    from serving.accounts.service import provisioning

    new_person = provisioning.NewPerson(email, name, Role(role), marketplace_name, brand, None, certified, leads)
    _, password = provisioning.add_person(runtime, new_person, by=LOCAL)
    return f"{email} {password}"


@command()
def add_people(runtime: Runtime, people: dict[str, dict[str, Any]], marketplace_name: str | None = None) -> list[str]:
    """Create all of these accounts or none, by the line that names each; returns each address with its password."""
    from serving.accounts.service import provisioning

    new_people = {
        line: provisioning.NewPerson(
            cells["email"],
            cells["name"],
            Role(cells["role"]),
            cells.get("marketplace") or marketplace_name,
            cells.get("brand") or None,
            None,
            bool(cells.get("certified")),
            bool(cells.get("leads")),
        )
        for line, cells in people.items()
    }
    return [f"{email} {password}" for email, password in provisioning.add_people(runtime, new_people, by=LOCAL).items()]


@person.command("add")
def add(
    email: Annotated[str | None, typer.Argument(help="E-mail address; with --file the file names everybody.")] = None,
    name: Annotated[str | None, typer.Option(help="Full name.")] = None,
    role: Annotated[
        str | None,
        typer.Option(
            callback=lambda role: None if role is None else known_choice(role, Role, "--role"),
            help="analyst, brand, account_manager, data_scientist or admin.",
        ),
    ] = None,
    brand: Annotated[str | None, typer.Option("--brand", help="The brand of a brand user.")] = None,
    marketplace_name: Marketplace = None,
    file: Annotated[
        Path | None,
        typer.Option(help="CSV: email, name, role; as needed brand, marketplace, certified and leads (yes or no)."),
    ] = None,
    *,
    certified: Annotated[
        bool, typer.Option("--certified", help="You vouch that this brand user meets the certification.")
    ] = False,
    leads: Annotated[
        bool, typer.Option("--leads", help="A brand user who may change what the brand has on file.")
    ] = False,
) -> None:
    """Create one account, or all those of a file; the passwords are shown once.

    Each is an independent approver: where two people must approve, an account that a user invited or reset counts as
    one with that user.
    """
    if file is not None:
        if email or name or role or brand or certified or leads:
            raise typer.BadParameter("The file names everybody; give only --marketplace with it.", param_hint="--file")
        for line in add_people(people_of(file), marketplace_name):
            typer.echo(line)
        return
    if email is None or name is None or role is None:
        raise typer.BadParameter("Give an e-mail address, --name and --role, or --file.")
    typer.echo(add_person(email, name, role, brand, marketplace_name, certified=certified, leads=leads))


def people_of(file: Path) -> dict[str, dict[str, Any]]:
    """The people of a file, by the line that names each: 'line 2' is the first after the header.

    Raises Invalid (the file cannot be read, a column is missing or unknown, or cells are missing or invalid; nobody is
    added then).
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.DictReader(stream, strict=True)
            header = [heading.strip().lower() for heading in rows.fieldnames or ()]
            _check_header(header)
            rows.fieldnames = header
            rows_by_line = {f"line {rows.line_num}": row for row in rows}
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise Invalid("{file} cannot be read: {why}.", file=file.name, why=str(problem)) from None
    refused = [f"{line}: {why}" for line, row in rows_by_line.items() for why in _row_problems(row)]
    if refused or not rows_by_line:
        listed = "\n".join(refused) or f"{file.name} names nobody."
        raise Invalid("Nobody was added.\n{refused}", refused=listed)
    return {line: _person_fields(row) for line, row in rows_by_line.items()}


def _check_header(header: list[str]) -> None:
    missing = [column for column in _NEEDED if column not in header]
    unknown = [column for column in header if column not in _COLUMNS]
    if missing or unknown or len(set(header)) < len(header):
        raise Invalid(
            "Nobody was added.\nline 1: the columns are {columns}; the first three are needed, and each stands once.",
            columns=", ".join(_COLUMNS),
        )


def _row_problems(row: dict[Any, Any]) -> list[str]:
    if None in row or None in row.values():
        return ["it has another number of cells than the header."]
    cells = {name: cell.strip() for name, cell in row.items()}
    problems = [f"the {name} is missing." for name in _NEEDED if not cells[name]]
    if cells["role"] and cells["role"] not in set(Role):
        problems.append(f"{cells['role']} is no role; roles are {', '.join(Role)}.")
    problems += [
        f"{name} is yes, no or empty, and not {cells[name]}."
        for name in _FLAGS
        if cells.get(name, "").lower() not in _MARKS
    ]
    return problems


def _person_fields(row: dict[str, str]) -> dict[str, Any]:
    cells: dict[str, Any] = {name: cell.strip() for name, cell in row.items()}
    return {**cells, **{name: _MARKS[cells.get(name, "").lower()] for name in _FLAGS}}


@command()
def make_reset_link(runtime: Runtime, email: str, *, as_root: bool = False) -> str:
    """Make a password reset link; returns its path."""
    from serving.accounts.service import reset_links

    return reset_links.make_link_as_owner(runtime, email, by=LOCAL, as_root=as_root)


@person.command("reset")
def reset_password(
    email: str,
    *,
    root: Annotated[
        bool,
        typer.Option(
            "--root", help="When the link is used, the account becomes an independent approver, even if it was invited."
        ),
    ] = False,
) -> None:
    """Make a password reset link; it is shown once, works once, and expires after 24 hours."""
    from serving.platform.home import Home
    from serving.platform.public_address import public_address

    settings = settings_with()
    typer.echo(public_address(settings, Home.at(settings.home)) + make_reset_link(email, as_root=root))


@command(key, "add")
def add_key(
    at: CommandScope,
    name: str,
    scope: Annotated[
        list[str],
        typer.Option(callback=_check_scopes, help="intake, score, endpoints, backfill, train or clock; repeat it."),
    ],
    days: Annotated[int | None, typer.Option(help="Days for which it is valid: 1 to 365, by default 180.")] = None,
) -> str:
    """Make an API key; it is shown once."""
    from serving.accounts.service import provisioning

    scopes = [Scope(scope_name) for scope_name in scope]
    where = {"marketplace": at.place.name, "by": at.actor}
    return provisioning.add_key(at.runtime, name=name, scopes=scopes, days=days, **where)


def _print_keys(keys: list[dict[str, Any]]) -> None:
    for api_key in keys:
        revoked, expires, used_at = (api_key[name] for name in ("revoked_at", "expires_at", "used_at"))
        state = f"revoked {local_time(revoked)}" if revoked else f"valid until {local_time(expires)}"
        used = f"last used {local_time(used_at)}" if used_at else "never used"
        say(f"{api_key['key_id']}  {api_key['name']}: {', '.join(api_key['scopes'])}; {state}, {used}")
    if not keys:
        say("There is no API key. Make one with: touchstone key add NAME --scope SCOPE")


@command(key, "list", show=_print_keys)
def list_keys(at: CommandScope) -> list[dict[str, Any]]:
    """List the API keys of a marketplace; no secret is shown."""
    from serving.marketplaces.store import marketplaces

    with at.runtime.store.read() as connection:
        return [asdict(api_key) for api_key in marketplaces.key_records(connection, {at.marketplace_id})]


@command(person, "reset-second-factor")
def reset_second_factor(runtime: Runtime, email: str) -> str:
    """Remove every second factor of a user who has lost them, such as the only administrator."""
    from serving.accounts.service import second_factors

    number = second_factors.reset_as_owner(runtime, email, by=LOCAL)
    return f"Removed: {number}. All sessions of {email} have ended."
