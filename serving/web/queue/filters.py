"""Filters of a queue: the active ones, the address without each, and the form to change them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Final

from serving.cases.store.case_filters import Facet
from serving.cases.store.queues import Lease
from serving.web import text_view
from serving.web.queue.queue_query import NO_BRAND, OVERDUE, FilterName, QueueQuery
from serving.web.wording import words

LEASES: Final = {Lease.FREE: "available or mine", Lease.MINE: "mine", Lease.OTHERS: "leased to others"}
_DAYS: Final = (1, 3, 7, 14, 30)
_HOURS: Final = (1, 4, 8, 24, 72)
_NAMES: Final = {
    FilterName.BRAND: "brand", FilterName.MARKETPLACE: "marketplace", FilterName.LANGUAGE: "language",
    FilterName.HARM: "expected harm", FilterName.AGE: "age", FilterName.DUE: "due time", FilterName.SELLER: "seller",
    FilterName.SCORE: "score", FilterName.LEASE: "lease", FilterName.RELIST: "relist", FilterName.SNOOZED: "snoozed",
    FilterName.LANE: "lane", FilterName.SORT: "order", FilterName.PAGE: "page",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SelectableOption:
    """An option of a list in the form."""

    value: str
    text: str
    chosen: bool


def filter_form(
    query: QueueQuery,
    *,
    brands: Sequence[Facet],
    languages: Sequence[Facet],
    marketplaces: Mapping[str, str],
    currency: str,
) -> SimpleNamespace:
    """The form of a query; its values stay selectable even if no open case has them."""
    named = [
        SelectableOption(key, f"{brand.name or 'not resolved'}, {brand.number:,}", key == query.brand)
        for brand in brands
        for key in [brand.value or NO_BRAND]
    ]
    tags = [
        SelectableOption(
            language.value, f"{language.value.upper()}, {language.number:,}", language.value in query.language
        )
        for language in languages
        if language.value
    ]
    gone = [
        SelectableOption(code, code.upper(), True) for code in query.language if all(code != tag.value for tag in tags)
    ]
    if query.brand is not None and not any(option.chosen for option in named):
        named.append(SelectableOption(query.brand, "selected brand, 0", True))
    places = [SelectableOption(key, name, key == query.marketplace) for key, name in marketplaces.items()]
    return SimpleNamespace(
        lane=query.lane.value if query.lane else "",
        sort=query.sort_text,
        brands=tuple(named),
        marketplaces=tuple(places) if len(places) > 1 else (),
        languages=(*tags, *gone),
        ages=tuple(
            SelectableOption(str(n), words.many(n, "day"), n == query.age) for n in _with_chosen(_DAYS, query.age)
        ),
        dues=(
            SelectableOption(OVERDUE, "overdue", query.due == 0),
            *(
                SelectableOption(str(n), f"within {words.many(n, 'hour')}", n == query.due)
                for n in _with_chosen(_HOURS, query.due)
            ),
        ),
        leases=tuple(SelectableOption(lease.value, text, lease is query.lease) for lease, text in LEASES.items()),
        harm="" if query.harm is None else f"{query.harm:g}",
        currency=currency,
        seller=query.seller or "",
        score=str(query.score) if query.score else "",
        relist=query.relist,
    )


def filter_chips(
    query: QueueQuery, *, brands: Sequence[Facet], marketplaces: Mapping[str, str], currency: str, linked: int
) -> tuple[SimpleNamespace, ...]:
    """The active filters, in the order of the form; `linked` is the number of sellers linked with the named one."""
    brand = next((facet.name for facet in brands if facet.value == query.brand), None)
    around = f" and {words.many(linked, 'linked seller')}" if linked else ""
    payload = {
        FilterName.BRAND: "not resolved" if query.brand == NO_BRAND else brand or "no open cases",
        FilterName.MARKETPLACE: marketplaces.get(query.marketplace or "", "not accessible"),
        FilterName.LANGUAGE: ", ".join(code.upper() for code in query.language),
        FilterName.HARM: "" if query.harm is None else f"at least {words.rough_amount(query.harm, currency)}",
        FilterName.AGE: "" if query.age is None else f"at least {words.many(query.age, 'day')}",
        FilterName.DUE: "overdue" if query.due == 0 else f"within {words.many(query.due or 0, 'hour')}",
        FilterName.SELLER: f"{query.seller}{around}",
        FilterName.SCORE: "" if query.score is None else f"{query.score.low:g} to {query.score.high:g}",
        FilterName.LEASE: LEASES[query.lease] if query.lease else "",
        FilterName.RELIST: "only",
        FilterName.SNOOZED: "only",
    }
    unset = QueueQuery()
    return tuple(
        SimpleNamespace(
            name=_NAMES[word].capitalize(), value=text_view.show(text), address=query.without(word).address()
        )
        for word, text in payload.items()
        if getattr(query, word.value) != getattr(unset, word.value)
    )


def ignored_sentence(query: QueueQuery) -> str | None:
    """A sentence about parameters of the address that this queue does not support."""
    if not query.ignored:
        return None
    known = [_NAMES[FilterName(word)] for word in query.ignored if word]
    is_single = len(query.ignored) == 1
    what = f"The value of {words.join_list(known)}" if known else f"A {'filter' if is_single else 'number of filters'}"
    return f"{what} in the address is not valid. The queue ignores {'it' if is_single else 'them'}."


def _with_chosen(usual: tuple[int, ...], chosen: int | None) -> list[int]:
    return sorted({*usual, *([chosen] if chosen else [])})
