"""The parameter by which a list goes on."""

from typing import Annotated, TypeAlias

from fastapi import Query

After: TypeAlias = Annotated[
    str | None,
    Query(max_length=200, pattern=r"^[^\x00]+$", description="`next` of the page before; without it, the first page."),
]
