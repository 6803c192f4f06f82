"""Fields of forms and addresses, validated at the edge; and forms that make and end secrets."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from fastapi.routing import APIRoute
from starlette.datastructures import FormData, UploadFile

from models.errors import Invalid, NotFound
from serving.accounts.rules.second_person import FactorKind
from serving.accounts.service.proving import FactorResponse, check_password, prove
from serving.accounts.store import second_factors
from serving.accounts.store.accounts import Session
from serving.guards import CrossSite, runtime_of
from serving.notices.rules.notices import NamedRight
from serving.platform.public_address import public_address
from serving.platform.runtime import Runtime
from serving.web import text_view
from serving.web.text_view import ShownText

# Of a path with a query; its characters alone, because the routes say which paths there are.
_ADDRESS: Final = re.compile(r"(/(?!/)[\w./~-]*)(?:\?[\w=&%+.~*-]{0,2000})?\Z", re.ASCII)
MARKETPLACE: Final = "marketplace"
# Longer ones do not exist, or are cut.
LONGEST_DIGEST: Final = 64
LONGEST_ID: Final = 40
LONGEST_REASON: Final = 500
LONGEST_TOKEN: Final = 200
_PAGES: Final = "serving.web."
_CASE_ID: Final = re.compile(r"cas_[0-9a-z]{26}\Z", re.ASCII)
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


async def _form_fields(request: Request) -> Mapping[str, str]:
    form = await request.form(max_files=0)  # Files that the guard has already read are not affected.
    try:
        return text_fields(form)
    except Invalid:
        await request.close()
        raise


def text_fields(form: FormData) -> dict[str, str]:
    """The fields of a form that are text. Raises Invalid (a field contains characters that a database rejects)."""
    texts = {name: text for name, text in form.items() if isinstance(text, str)}
    if any(_UNSTORABLE.search(text) for text in texts.values()):
        raise Invalid("The form contains characters that cannot be stored.")
    return texts


Fields = Annotated[Mapping[str, str], Depends(_form_fields)]


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a form: its name as the browser gave it, and only as many bytes as are needed to refuse it."""

    name: str
    content: bytes


def upload_of(field: str, most: Callable[[Runtime], int]) -> Any:
    """The file of a form's field, read up to one byte beyond the limit; empty if none was chosen.

    The route's guard sets how many files the form may have, and has read the form by then.
    """

    async def read(request: Request, _fields: Fields) -> Upload:
        async with request.form() as form:
            file = form.get(field)
            if not isinstance(file, UploadFile):
                return Upload("", b"")
            return Upload(file.filename or "", await file.read(most(runtime_of(request)) + 1))

    return Depends(read)


@dataclass(frozen=True, slots=True)
class UploadLimit:
    """How much is read of a form's field: the bytes of each file, and the number of files."""

    most: Callable[[Runtime], int]
    many: Callable[[Runtime], int]


def uploads_of(fields: Mapping[str, UploadLimit]) -> Any:
    """The files of several fields of a form by field, each read as by `upload_of`, up to one file beyond the limit.

    A field without a choice has none. The route's guard sets how many files the form may have, and has read the form by
    then. The form's files are closed afterwards, so that a route has one such dependency.
    """

    async def read(request: Request, _fields: Fields) -> Mapping[str, tuple[Upload, ...]]:
        runtime = runtime_of(request)
        async with request.form() as form:
            return {
                field: tuple(
                    [
                        Upload(file.filename or "", await file.read(limits.most(runtime) + 1))
                        for file in form.getlist(field)[: limits.many(runtime) + 1]
                        if isinstance(file, UploadFile) and file.filename
                    ]
                )
                for field, limits in fields.items()
            }

    return Depends(read)


def ticked_rows(fields: Mapping[str, str], prefix: str) -> dict[str, str]:
    """The ticked rows of a form by id with their values: none by default, all that it showed where “all” is ticked."""
    if fields.get("all") == "yes":
        return dict(row.partition(":")[::2] for row in fields.get("shown", "").split())
    return {name.removeprefix(prefix): text for name, text in fields.items() if name.startswith(prefix)}


def is_case_id(text: str) -> bool:
    return _CASE_ID.match(text) is not None


def case_id_of(case_id: str) -> str:
    """The id in an address. Raises NotFound (the text does not have the format of an id)."""
    if not is_case_id(case_id):
        raise NotFound("There is no such case.")
    return case_id


CaseId = Annotated[str, Depends(case_id_of)]


def full_address(request: Request, path: str) -> str:
    """A path of ours under the service's own address, whatever Host header the request has."""
    runtime = runtime_of(request)
    return public_address(runtime.settings, runtime.home) + path


def local_path(request: Request, path: str | None) -> str:
    """One of our own pages to redirect to, or the start page; addresses of other sites are refused."""
    address = _ADDRESS.match(path or "")
    return address[0] if address and any(page.path_regex.match(address[1]) for page in _page_routes(request)) else "/"


def _page_routes(request: Request) -> Iterator[APIRoute]:
    for route in request.app.routes:
        if (
            isinstance(route, APIRoute)
            and "GET" in (route.methods or ())
            and route.endpoint.__module__.startswith(_PAGES)
        ):
            yield route


def refuse_cross_site(request: Request) -> None:
    """Refuse a form of ours that another site sends, for pages without a session whose token could prove it.

    Raises CrossSite (the browser says that the form came from elsewhere).
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin", "null")
    # Browsers leave Sec-Fetch-Site out on plain http, and write "null" for an origin that our referrer policy hides.
    elsewhere = site is None and origin != "null" and origin.partition("://")[2] != request.headers.get("host")
    if site not in {None, "same-origin", "none"} or elsewhere:
        raise CrossSite("This form is no longer valid. Refresh the page.")


def factor_kinds(runtime: Runtime, session: Session) -> frozenset[FactorKind]:
    """The kinds of second factor by which a person confirms a form; without any, by the password."""
    with runtime.store.read() as connection:
        return frozenset(factor.kind for factor in second_factors.of_person(connection, session.person.user_id))


def confirm_identity(runtime: Runtime, session: Session, fields: Fields) -> None:
    """Prove by a form that the account's owner sends it. An earlier proof does not count: the session may be stolen.

    Raises Invalid, TooManyAttempts (the proof is wrong; too many were wrong before).
    """
    if session.has_factor:
        prove(runtime, session, given_factor(fields), recovery=True)
    else:
        check_password(runtime, session.person, session.token_hash, fields.get("password", "")[:1_000])


def given_factor(fields: Fields) -> FactorResponse:
    """What a form shows of a second factor."""
    return FactorResponse(fields.get("code", "")[:60], fields.get("credential", ""))


def days_of(fields: Fields) -> int | None:
    """The days of validity of a form, None where it names none; 0, which is refused, for what is no number."""
    days = fields.get("days", "").strip()
    return None if not days else int(days) if days.isascii() and days.isdecimal() and len(days) < 5 else 0


def ticked_secrets(fields: Fields) -> frozenset[str]:
    return frozenset(name.removeprefix("end.") for name in fields if name.startswith("end."))


def named_right(right: NamedRight, kind: str) -> ShownText | None:
    """The right that a notice names, in one line; None where it names none."""
    parts = [part for part in (kind, right.office, right.number, right.owner) if part]
    return text_view.show(", ".join(parts)) if parts else None
