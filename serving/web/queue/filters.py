"""Filters of a queue: the active ones, the address without each, and the form to change them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Final

from serving.cases.store.case_filters import Facet
from serving.cases.store.queues import Lease
from serving.web import text_view
from serving.web.queue.queue_query import NO_BRAND, OVERDUE, QueueQuery, Word
from serving.web.wording import words

LEASES: Final = {Lease.FREE: "available or mine", Lease.MINE: "mine", Lease.OTHERS: "leased to others"}
_DAYS: Final = (1, 3, 7, 14, 30)
_HOURS: Final = (1, 4, 8, 24, 72)
_NAMES: Final = {
    Word.BRAND: "brand",
    Word.MARKETPLACE: "marketplace",
    Word.LANGUAGE: "language",
    Word.HARM: "expected harm",
    Word.AGE: "age",
    Word.DUE: "due time",
    Word.SELLER: "seller",
    Word.SCORE: "score",
    Word.LEASE: "lease",
    Word.RELIST: "relist",
    Word.SNOOZED: "snoozed",
    Word.LANE: "lane",
    Word.PAGE: "page",
}


@dataclass(frozen=True, slots=True)
class Selectable:
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
        Selectable(key, f"{brand.name or 'not resolved'}, {brand.number:,}", key == query.brand)
        for brand in brands
        for key in [brand.value or NO_BRAND]
    ]
    tags = [
        Selectable(language.value, f"{language.value.upper()}, {language.number:,}", language.value in query.language)
        for language in languages
        if language.value
    ]
    gone = [Selectable(code, code.upper(), True) for code in query.language if all(code != tag.value for tag in tags)]
    if query.brand is not None and not any(option.chosen for option in named):
        named.append(Selectable(query.brand, "selected brand, 0", True))
    places = [Selectable(key, name, key == query.marketplace) for key, name in marketplaces.items()]
    return SimpleNamespace(
        lane=query.lane.value if query.lane else "",
        brands=tuple(named),
        marketplaces=tuple(places) if len(places) > 1 else (),
        languages=(*tags, *gone),
        ages=tuple(Selectable(str(n), words.many(n, "day"), n == query.age) for n in _with(_DAYS, query.age)),
        dues=(
            Selectable(OVERDUE, "overdue", query.due == 0),
            *(Selectable(str(n), f"within {words.many(n, 'hour')}", n == query.due) for n in _with(_HOURS, query.due)),
        ),
        leases=tuple(Selectable(lease.value, text, lease is query.lease) for lease, text in LEASES.items()),
        harm="" if query.harm is None else f"{query.harm:g}",
        currency=currency,
        seller=query.seller or "",
        score=str(query.score) if query.score else "",
        relist=query.relist,
    )


def chips(
    query: QueueQuery, *, brands: Sequence[Facet], marketplaces: Mapping[str, str], currency: str, linked: int
) -> tuple[SimpleNamespace, ...]:
    """The active filters, in the order of the form; `linked` is the number of sellers linked with the named one."""
    brand = next((facet.name for facet in brands if facet.value == query.brand), None)
    around = f" and {words.many(linked, 'linked seller')}" if linked else ""
    payload = {
        Word.BRAND: "not resolved" if query.brand == NO_BRAND else brand or "no open cases",
        Word.MARKETPLACE: marketplaces.get(query.marketplace or "", "not accessible"),
        Word.LANGUAGE: ", ".join(code.upper() for code in query.language),
        Word.HARM: "" if query.harm is None else f"at least {words.about(query.harm, currency)}",
        Word.AGE: "" if query.age is None else f"at least {words.many(query.age, 'day')}",
        Word.DUE: "overdue" if query.due == 0 else f"within {words.many(query.due or 0, 'hour')}",
        Word.SELLER: f"{query.seller}{around}",
        Word.SCORE: "" if query.score is None else f"{query.score.low:g} to {query.score.high:g}",
        Word.LEASE: LEASES[query.lease] if query.lease else "",
        Word.RELIST: "only",
        Word.SNOOZED: "only",
    }
    unset = QueueQuery()
    return tuple(
        SimpleNamespace(
            name=_NAMES[word].capitalize(), value=text_view.show(text), address=query.without(word).address()
        )
        for word, text in payload.items()
        if getattr(query, word.value) != getattr(unset, word.value)
    )


def ignored(query: QueueQuery) -> str | None:
    """A sentence about parameters of the address that this queue does not support."""
    if not query.ignored:
        return None
    known = [_NAMES[Word(word)] for word in query.ignored if word]
    is_single = len(query.ignored) == 1
    what = f"The value of {words.listed(known)}" if known else f"A {'filter' if is_single else 'number of filters'}"
    return f"{what} in the address is not valid. The queue ignores {'it' if is_single else 'them'}."


def _with(usual: tuple[int, ...], chosen: int | None) -> list[int]:
    return sorted({*usual, *([chosen] if chosen else [])})
