"""Commands for the rights of brands and for their agents."""

from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from models.errors import Invalid
from serving.accounts.rules.access import LOCAL
from serving.commands.declaring import command
from serving.commands.groups import agent, right
from serving.commands.moments import moment_if, moment_of
from serving.commands.registry import Runtime
from serving.rights.rules.rights import RightKind, RightState
from serving.rights.rules.rights import last_day as last_day_before


@dataclass(frozen=True, slots=True)
class Document:
    """A file's name and its bytes in base64."""

    name: str
    content: str


def _document(path: str) -> Document:
    try:
        return Document(Path(path).name, b64encode(Path(path).read_bytes()).decode())
    except OSError as problem:
        raise typer.BadParameter(str(problem), param_hint="--document") from None


def _keep(runtime: Runtime, brand: str, document: Document | None) -> str | None:
    """Store a document; returns its digest."""
    from serving.rights.service import rights

    if document is None:
        return None
    try:
        content = b64decode(document.content, validate=True)
    except ValueError:
        raise Invalid("The document is not base64.") from None
    return rights.keep_document(runtime, brand, document.name, content, by=LOCAL)


def _kinds(texts: Iterable[str]) -> tuple[RightKind, ...]:
    for text in texts:
        if text not in set(RightKind):
            raise Invalid("{words} is none of {known}.", words=text[:20], known=", ".join(RightKind))
    return tuple(map(RightKind, texts))


Territory = Annotated[list[str], typer.Option(help="An ISO 3166 code, EU or WORLD; repeat it.")]
DocumentOption = Annotated[
    Document | None,
    typer.Option(parser=_document, metavar="<path>", help="PDF, PNG or JPEG; the same file is kept once."),
]
RightId = Annotated[str, typer.Argument(help="Its id, as in `touchstone right list`.")]


@command(right, "add")
def add_right(
    runtime: Runtime,
    brand: str,
    *,
    kind: Annotated[str, typer.Option(help="mark, design or copyright.")],
    title: Annotated[str, typer.Option(help="The protected subject, in a few words.")],
    office: Annotated[str, typer.Option(help="Where it is registered: EUIPO, WIPO, USPTO …")],
    number: Annotated[str, typer.Option(help="Its number there.")],
    territory: Territory,
    nice_class: Annotated[list[int] | None, typer.Option("--class", help="A Nice class; repeat it.")] = None,
    first_day: Annotated[str | None, typer.Option("--from", help="The first day on which it is in force.")] = None,
    last_day: Annotated[str | None, typer.Option("--to", help="The last day on which it is in force.")] = None,
    document: DocumentOption = None,
) -> str:
    """Put a right of a brand on file; it cannot be used until it is verified."""
    from serving.rights.service import rights

    digest = _keep(runtime, brand, document)
    begins, ends, (of,) = moment_if(first_day), moment_if(last_day), _kinds([kind])
    places, classes = tuple(territory), tuple(nice_class or ())
    wanted = rights.NewRight(brand, of, title, office, number, places, classes, begins, ends, digest)
    return rights.claim_right(runtime, wanted, by=LOCAL)


@command(right, "list")
def list_rights(runtime: Runtime, brand: str) -> list[str]:
    """Show a brand's rights, their verification, and where and until when they are in force."""
    from serving.rights.service import rights

    sentences: list[str] = []
    for one in (filed.right for filed in rights.on_file(runtime, brand)):
        registered = f"{one.office} {one.number}".strip() or "no document seen"
        until = f" until {last_day_before(one.expires_at)}" if one.expires_at else ""
        sentences.append(f"{one.right_id}  {one.kind} {one.title} ({registered}): {one.state.replace('_', ' ')}")
        sentences.append(f"  holds in {', '.join(sorted(one.territories))}{until}")
    return sentences or [f"{brand} has no right on file: it can confirm nothing."]


def _settle(runtime: Runtime, right_id: str, state: RightState, note: str = "") -> str:
    from serving.rights.service import rights

    rights.settle_right(runtime, right_id, state, note=note, by=LOCAL)
    return f"{right_id} is {state}."


@command(right, "verify")
def verify_right(runtime: Runtime, right_id: RightId) -> str:
    """Record that a right was checked at its office and is as claimed; it can be used from now on."""
    return _settle(runtime, right_id, RightState.VERIFIED)


@command(right, "refuse")
def refuse_right(
    runtime: Runtime, right_id: RightId, reason: Annotated[str, typer.Option(help="Why; the brand reads it.")]
) -> str:
    """Record that a right is not as claimed."""
    return _settle(runtime, right_id, RightState.REFUSED, reason)


@command(right, "withdraw")
def withdraw_right(runtime: Runtime, right_id: RightId) -> str:
    """Withdraw a right; it cannot be used from now on."""
    return _settle(runtime, right_id, RightState.WITHDRAWN)


@command(agent, "add")
def add_agent(
    runtime: Runtime,
    brand: str,
    *,
    email: Annotated[str, typer.Option(help="E-mail of the account that acts for the brand.")],
    name: Annotated[str, typer.Option(help="The agent as the power of attorney names it.")],
    territory: Territory,
    last_day: Annotated[str, typer.Option("--to", help="The last day of the power of attorney.")],
    kind: Annotated[list[str] | None, typer.Option(help="Kinds of rights; by default all. Repeat it.")] = None,
    document: DocumentOption = None,
) -> str:
    """Record a power of attorney; its scope and its end limit the account from now on."""
    from serving.rights.service import rights

    digest = _keep(runtime, brand, document)
    of = _kinds(kind or []) or tuple(RightKind)
    wanted = rights.NewMandate(brand, email, name, tuple(territory), moment_of(last_day), of, digest)
    return rights.grant_mandate(runtime, wanted, by=LOCAL)


@command(agent, "revoke")
def revoke_agent(runtime: Runtime, mandate_id: str) -> str:
    """End a power of attorney now."""
    from serving.rights.service import rights

    rights.revoke_mandate(runtime, mandate_id, by=LOCAL)
    return f"{mandate_id} is ended."
