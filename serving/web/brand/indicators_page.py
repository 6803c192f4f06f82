"""A brand's counterfeit indicators: current and former ones, the form for another, and a dry run of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from features.indicators import LONGEST_PATTERN, MOST_PER_BRAND, Direction, Indicator, SearchedText
from models.errors import DomainError, Invalid, NotFound
from serving.accounts.store.accounts import Session
from serving.brands.rules.rights import day_of
from serving.brands.service.indicators import (
    LONGEST_LABEL,
    NewIndicator,
    PatternTrial,
    add_indicator,
    of_brand,
    remove_indicator,
    try_pattern,
)
from serving.guards import Member, TheRuntime, runtime_of
from serving.platform.runtime import Runtime
from serving.platform.tongues import N_, say
from serving.web import text_view
from serving.web.brand.brand_scope import AboutBrand, BrandScope, refusal_page, scope_of, scope_to_change
from serving.web.flash import Flash, go_to
from serving.web.forms import Fields
from serving.web.rendering import respond
from serving.web.text_view import ShownText
from serving.web.wording import words
from serving.web.wording.vocabulary import Option, StateWords

router = APIRouter(include_in_schema=False)
_PLACE: Final = "/brand/indicators"
_DIRECTIONS: Final = {Direction.COUNTERFEIT: N_("Counterfeits"), Direction.GENUINE: N_("Our own goods")}
_WHERE: Final = {
    SearchedText.ANY: N_("Title or description"),
    SearchedText.TITLE: N_("Title"),
    SearchedText.DESCRIPTION: N_("Description"),
}
_LONGEST_TEXT: Final = 20_000


@dataclass(frozen=True, slots=True)
class IndicatorRow:
    """An indicator with its state; `can_end` is whether it can still be withdrawn."""

    indicator_id: str
    label: ShownText
    pattern: str
    direction: str
    where: str
    since: str
    until: str
    state: StateWords
    can_end: bool


@dataclass(frozen=True, slots=True)
class Example:
    """A listing that a pattern matches, and the matched words."""

    title: ShownText
    words: ShownText


@dataclass(frozen=True, slots=True)
class TryResult:
    """The matches of a pattern; `too_wide` is set if it matches so many listings that it proves little."""

    words: ShownText | None
    text_given: bool
    looked_at: int
    fitting: int
    too_wide: bool
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class IndicatorsPage(AboutBrand, template="brand_indicators.html"):
    """A brand's counterfeit indicators, with the typed form values so that a refusal loses none of them."""

    rows: tuple[IndicatorRow, ...]
    in_force: int
    most: int
    longest_label: int
    longest_pattern: int
    directions: tuple[Option, ...]
    where: tuple[Option, ...]
    typed: Mapping[str, str]
    error: str | None
    tried: TryResult | None


@router.get(_PLACE)
def get_indicators(request: Request, session: Member) -> HTMLResponse:
    return respond(request, _page(runtime_of(request), session, request.query_params), session)


@router.post(_PLACE)
def post_indicator(request: Request, runtime: TheRuntime, session: Member, fields: Fields) -> Response:
    """Add an indicator, or try it without saving."""
    try:
        if fields.get("do") == "try":
            tried = _try_form(runtime, session, fields)
            return respond(request, _page(runtime, session, fields, tried=tried), session)
        with runtime.store.read() as connection:
            scope, by = scope_to_change(connection, session.person, fields)
        add_indicator(runtime, _indicator_of_form(scope, fields), by=by)
    except DomainError as refused:
        return refusal_page(request, session, fields, refused, _page)
    return go_to(request, f"{_PLACE}{scope.query}", Flash.INDICATOR_ADDED)


@router.post(_PLACE + "/{indicator_id}/end")
def post_end(indicator_id: str, request: Request, runtime: TheRuntime, session: Member, fields: Fields) -> Response:
    with runtime.store.read() as connection:
        scope, by = scope_to_change(connection, session.person, fields)
        if indicator_id not in {indicator.indicator_id for indicator in of_brand(connection, scope.pair)}:
            raise NotFound("There is no such counterfeit indicator.")
    remove_indicator(runtime, indicator_id, marketplace=scope.marketplace, by=by)
    return go_to(request, f"{_PLACE}{scope.query}", Flash.INDICATOR_ENDED)


def _indicator_of_form(scope: BrandScope, fields: Mapping[str, str]) -> NewIndicator:
    direction, last_day = fields.get("direction", ""), fields.get("last_day", "").strip()
    if direction not in set(Direction):
        raise Invalid("Choose whether it indicates counterfeits or your own goods.")
    return NewIndicator(
        brand=scope.brand,
        label=fields.get("label", ""),
        pattern=fields.get("pattern", ""),
        direction=Direction(direction),
        where=_searched_text(fields),
        active_to=day_of(last_day) + timedelta(days=1) if last_day else None,
        marketplace=scope.marketplace,
    )


def _searched_text(fields: Mapping[str, str]) -> SearchedText:
    where = fields.get("where", SearchedText.ANY.value)
    if where not in set(SearchedText):
        raise Invalid("Choose where it is searched.")
    return SearchedText(where)


def _try_form(runtime: Runtime, session: Session, fields: Mapping[str, str]) -> TryResult:
    with runtime.store.read() as connection:
        scope = scope_of(connection, session.person, fields)
    text = fields.get("text", "")[:_LONGEST_TEXT]
    pattern_try = try_pattern(runtime, scope.pair, fields.get("pattern", ""), _searched_text(fields), text)
    return _try_result(pattern_try, text_given=bool(text.strip()))


def _try_result(tried: PatternTrial, *, text_given: bool) -> TryResult:
    return TryResult(
        words=None if tried.words is None else text_view.show(tried.words),
        text_given=text_given,
        looked_at=tried.looked_at,
        fitting=tried.fitting,
        too_wide=tried.looked_at > 0 and tried.fitting * 2 > tried.looked_at,
        examples=tuple(Example(text_view.show(title), text_view.show(quoted)) for _, title, quoted in tried.examples),
    )


def _page(
    runtime: Runtime,
    session: Session,
    fields: Mapping[str, str],
    *,
    error: str | None = None,
    tried: TryResult | None = None,
) -> IndicatorsPage:
    now = runtime.clock.now()
    with runtime.store.read() as connection:
        scope = scope_of(connection, session.person, fields)
        indicators = of_brand(connection, scope.pair)
    rows = tuple(
        _indicator_row(indicator, now)
        for indicator in sorted(indicators, key=lambda indicator: not indicator.in_force(now))
    )
    return IndicatorsPage(
        scope=scope,
        rows=rows,
        in_force=sum(indicator.in_force(now) for indicator in indicators),
        most=MOST_PER_BRAND,
        longest_label=LONGEST_LABEL,
        longest_pattern=LONGEST_PATTERN,
        directions=tuple(Option(direction.value, say(text)) for direction, text in _DIRECTIONS.items()),
        where=tuple(Option(where.value, say(text)) for where, text in _WHERE.items()),
        typed={name: fields.get(name, "") for name in ("label", "pattern", "direction", "where", "last_day", "text")},
        error=error,
        tried=tried,
    )


def _indicator_row(indicator: Indicator, now: datetime) -> IndicatorRow:
    ends = indicator.removed_at or indicator.active_to
    return IndicatorRow(
        indicator_id=indicator.indicator_id,
        label=text_view.show(indicator.label),
        pattern=indicator.pattern,
        direction=say(_DIRECTIONS[indicator.direction]),
        where=say(_WHERE[indicator.where]),
        since=words.day(indicator.active_from, now),
        until=words.day(ends - timedelta(microseconds=indicator.removed_at is None), now)
        if ends
        else say("no end date"),
        state=_indicator_state(indicator, now),
        can_end=indicator.removed_at is None and (indicator.active_to is None or now < indicator.active_to),
    )


def _indicator_state(indicator: Indicator, now: datetime) -> StateWords:
    if indicator.in_force(now):
        return StateWords(say("In force"), "v-g")
    if indicator.removed_at is not None:
        return StateWords(say("Undone"), "out")
    if indicator.active_to is not None and indicator.active_to <= now:
        return StateWords(say("Expired"), "out")
    return StateWords(say("Not yet in force"), "v-l")
