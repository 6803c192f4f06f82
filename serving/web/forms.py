"""Fields of forms and addresses, read at the edge: text only, nothing that a database cannot hold."""

import re
from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import Depends, Request

from models.errors import Invalid, NotFound
from serving.guards import CrossSite

_LOCAL_PATH: Final = re.compile(
    r"/(?:queue|cases/cas_[0-9a-z]{26}|brand|brands|models|held|sellers|settings|switches)?"
    r"(?:\?[\w=&-]{0,200})?\Z",
    re.ASCII,
)
_CASE_ID: Final = re.compile(r"cas_[0-9a-z]{26}\Z", re.ASCII)
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


async def _fields(request: Request) -> Mapping[str, str]:
    form = await request.form(max_files=0)
    found = {name: value for name, value in form.items() if isinstance(value, str)}
    if any(_UNSTORABLE.search(value) for value in found.values()):
        raise Invalid("The form holds characters that cannot be stored.")
    return found


Fields = Annotated[Mapping[str, str], Depends(_fields)]


def case_id_of(case_id: str) -> str:
    """The id in an address.

    Raises
    ------
    NotFound
        It has not the form of an id, so that nothing can be called so.
    """
    if not _CASE_ID.match(case_id):
        raise NotFound("There is no such case.")
    return case_id


CaseId = Annotated[str, Depends(case_id_of)]


def local_path(value: str | None) -> str:
    """One of our own pages to go on to, or the start; an address of another site is none of them.

    >>> local_path("/queue?lane=audit"), local_path("//evil.example"), local_path("/models/promote")
    ('/queue?lane=audit', '/', '/')
    """
    return value if value and _LOCAL_PATH.match(value) else "/"


def refuse_cross_site(request: Request) -> None:
    """Refuse a form of ours that another site sends, where there is no session yet whose token could tell.

    Raises
    ------
    CrossSite
        The browser says that the form came from elsewhere.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin", "null")
    # Browsers leave Sec-Fetch-Site out on plain http, and write "null" for an origin that our referrer policy hides.
    elsewhere = site is None and origin != "null" and origin.partition("://")[2] != request.headers.get("host")
    if site not in {None, "same-origin", "none"} or elsewhere:
        raise CrossSite("This form is no longer valid. Load the page again.")
