"""The columns of the review queue: their heads, which sort it, and the ones that a person shows."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from serving.accounts.service.display_choice import save_choice
from serving.cases.store.queues import Sort
from serving.guards import Reviewer, runtime_of
from serving.web.flash import go_to
from serving.web.forms import Fields
from serving.web.queue.queue_query import QueueQuery

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class ColumnHead:
    """The head of a column: its name, its class, its address, which sorts by it, and the direction if it sorts now."""

    key: str
    text: str
    kind: str
    address: str | None
    order: str | None
    hidden: bool


_COLUMNS: Final = (
    ("score", "Score", "w-sc"), ("harm", "Expected harm, 7 d", "w-ha num"), ("brand", "Brand", "w-br"),
    ("title", "Title", ""), ("price", "Price vs. reference", "w-pr"), ("seller", "Seller", "w-se"),
    ("due", "Due in", "w-ag"), ("reason", "Routing reason", "w-re"),
)  # fmt: skip
TITLE: Final = "title"
_HIDEABLE: Final = tuple(key for key, _, _ in _COLUMNS if key != TITLE)


def column_heads(query: QueueQuery, hidden: Collection[str]) -> tuple[ColumnHead, ...]:
    """The heads of all columns, the hidden ones included."""
    shown = query.shown_order
    return tuple(
        ColumnHead(
            key,
            text,
            kind,
            query.sorted_by(Sort(key)).address() if key in set(Sort) else None,
            ("descending" if shown.descending else "ascending") if key == shown.by else None,
            key in hidden,
        )
        for key, text, kind in _COLUMNS
    )


@router.post("/queue/columns")
def post_columns(request: Request, session: Reviewer, fields: Fields) -> Response:
    """Show the ticked columns from now on, on all devices of the person."""
    hidden = " ".join(key for key in _HIDEABLE if f"column:{key}" not in fields)
    save_choice(runtime_of(request), session.person, session.display, {"hidden_columns": hidden})
    return go_to(request, QueueQuery.of(fields.get("query", "")).address())
