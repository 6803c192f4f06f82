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
from serving.commands.options import moment_if, moment_of
from serving.commands.registry import At, Runtime
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


def _keep(at: At, brand: str, document: Document | None) -> str | None:
    """Store a document; returns its digest."""
    from serving.rights.service import documents

    if document is None:
        return None
    try:
        content = b64decode(document.content, validate=True)
    except ValueError:
        raise Invalid("The document is not base64.") from None
    return documents.keep_document(at.runtime, brand, document.name, content, marketplace=at.place.name, by=at.actor)


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
    at: At,
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
    """Put a right of a brand on file at a marketplace; it cannot be used until it is verified."""
    from serving.rights.service import claims

    digest = _keep(at, brand, document)
    begins, ends, (of,) = moment_if(first_day), moment_if(last_day), _kinds([kind])
    places, classes = tuple(territory), tuple(nice_class or ())
    here = at.place.name
    wanted = claims.NewRight(brand, of, title, office, number, places, classes, begins, ends, digest, here)
    return claims.claim_right(at.runtime, wanted, by=at.actor)


@command(right, "list")
def list_rights(at: At, brand: str) -> list[str]:
    """Show a brand's rights at a marketplace, their verification, and where and until when they are in force."""
    from serving.rights.service import claims

    sentences: list[str] = []
    for one in (filed.right for filed in claims.on_file(at.runtime, brand, at.place.name)):
        registered = f"{one.office} {one.number}".strip() or "no document seen"
        until = f" until {last_day_before(one.expires_at)}" if one.expires_at else ""
        sentences.append(f"{one.right_id}  {one.kind} {one.title} ({registered}): {one.state.replace('_', ' ')}")
        sentences.append(f"  holds in {', '.join(sorted(one.territories))}{until}")
    return sentences or [f"{brand} has no right on file: it can confirm nothing."]


def _settle(runtime: Runtime, right_id: str, state: RightState, note: str = "") -> str:
    from serving.rights.service import claims

    claims.settle_right(runtime, claims.owner_of(runtime, right_id), right_id, state, note=note, by=LOCAL)
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


@command(right, "share")
def share_right(at: At, right_id: RightId) -> str:
    """Put a copy of a right and its document on file at another marketplace, where it must be verified."""
    from serving.rights.service import sharing

    return sharing.share_as_operator(at.runtime, right_id, at.here, by=at.actor)


@command(agent, "add")
def add_agent(
    at: At,
    brand: str,
    *,
    email: Annotated[str, typer.Option(help="E-mail of the account that acts for the brand.")],
    name: Annotated[str, typer.Option(help="The agent as the power of attorney names it.")],
    territory: Territory,
    last_day: Annotated[str, typer.Option("--to", help="The last day of the power of attorney.")],
    kind: Annotated[list[str] | None, typer.Option(help="Kinds of rights; by default all. Repeat it.")] = None,
    document: DocumentOption = None,
) -> str:
    """Record a power of attorney at a marketplace; its scope and its end limit the account there from now on."""
    from serving.rights.service import mandates

    digest = _keep(at, brand, document)
    of = _kinds(kind or []) or tuple(RightKind)
    places, ends, here = tuple(territory), moment_of(last_day), at.place.name
    wanted = mandates.NewMandate(brand, email, name, places, ends, of, digest, here)
    return mandates.grant_mandate(at.runtime, wanted, by=at.actor)


@command(agent, "revoke")
def revoke_agent(runtime: Runtime, mandate_id: str) -> str:
    """End a power of attorney now."""
    from serving.rights.service import mandates

    mandates.revoke_mandate(runtime, mandates.owner_of(runtime, mandate_id), mandate_id, by=LOCAL)
    return f"{mandate_id} is ended."
