"""The cards of a case: text, price, timeline, appeals, notices and complaints.

Evidence of a listing at the time of an action: shown with its digest, downloadable with its proofs.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from features.facts import Facts, reference_keys
from features.fold import fold
from features.indicators import Direction, SearchedText
from features.references import ANY, SAMPLED, Key, PriceMissing, PriceSamples
from models.case import CaseState
from models.errors import NotFound, require
from models.messages.english import in_english
from models.score import AMBIGUOUS, REMAINDERS, Reason, ScoreKind, named_parts
from models.verdict import Side
from serving.accounts.store.accounts import Session
from serving.cases.service.case_access import visible_case
from serving.cases.service.invalid_notices import LANES
from serving.cases.store.cases import Case
from serving.guards import Reviewer, runtime_of
from serving.notices.rules.notices import ReporterKind
from serving.notices.store.notice_documents import NoticeDocument
from serving.notices.store.notices import ShownNotice
from serving.platform.tongues import N_, say
from serving.takedowns.service.evidence import as_file, page_of
from serving.takedowns.store import evidence
from serving.takedowns.store.evidence import StoredSnapshot
from serving.web import charts, text_view
from serving.web.case.documents.documents_card import ShownDocument
from serving.web.case.documents.notice_documents import document_of_notice
from serving.web.charts import ComparableReference, PriceChart
from serving.web.forms import CaseId, named_right
from serving.web.queue import queue_rows
from serving.web.text_view import ShownText
from serving.web.wording import words
from serving.web.wording.vocabulary import REASON_CODES

_MISSING_PRICE: Final = {
    PriceMissing.NO_PRICE: "The listing has no price.",
    PriceMissing.ZERO_PRICE: "The listing has a price of zero.",
    PriceMissing.NO_RATE: "No exchange rate is available for this currency and date.",
}


@dataclass(frozen=True, slots=True)
class Attribute:
    """A field of the listing other than its text; `address` is set where it can be opened."""

    name: str
    value: ShownText
    address: str | None = None


def listing_card(facts: Facts) -> SimpleNamespace:
    listing = facts.listing
    title = queue_rows.title_of(facts)
    names = [mention.name for mention in facts.brand.mentions]
    description = (
        text_view.show(listing.description, names=names, language=listing.language) if listing.description else None
    )
    shown = [text for text in (title, description) if text is not None]
    unseen, lookalikes = sum(text.unseen for text in shown), sum(text.lookalikes for text in shown)
    remark = words.join_list(
        [words.many(unseen, "invisible character")] * (unseen > 0)
        + [words.many(lookalikes, "look-alike character")] * (lookalikes > 0)
    )
    pairs = (
        (N_("Brand declared"), listing.brand),
        (N_("Category"), listing.product_type),
        (N_("Condition"), listing.condition),
        (N_("Ships from"), listing.ship_from),
        (N_("GTIN"), listing.gtin),
        (N_("Part number"), listing.mpn),
    )
    attributes = [Attribute(say(name), text_view.show(text)) for name, text in pairs if text]
    if listing.link is not None:
        attributes.append(Attribute(say(N_("Address")), text_view.show(listing.link), listing.link))
    return SimpleNamespace(
        title=title,
        description=description,
        folded_title=fold(listing.title or ""),
        folded_description=fold(listing.description or ""),
        remark=remark,
        attributes=tuple(attributes),
        pictures=len(listing.image_link) if listing.image_link is not None else None,
    )


def price_card(facts: Facts, samples: Callable[[Key], PriceSamples]) -> SimpleNamespace:
    """The card of a listing's price; an unknown value is named and never drawn as zero.

    `samples` are log prices by brand key and by category key.
    """
    price, shown_price = facts.price, queue_rows.price_of(facts)
    if price.log_price is None:
        return SimpleNamespace(
            price=shown_price, chart=None, bold=_MISSING_PRICE[price.missing or PriceMissing.NO_PRICE], sentence=""
        )
    brand = facts.brand.name or facts.listing.brand
    category = facts.listing.product_type or "this category"
    brand_key, category_key = reference_keys(facts.listing, facts.brand)
    known = [
        ComparableReference(name, reference, samples(key))
        for name, reference, key in (
            (f"{brand} in {category}", price.brand_category, (brand_key, category_key)),
            (f"All brands in {category}", price.category, (ANY, category_key)),
        )
        if reference is not None
    ]
    if not known:
        return SimpleNamespace(
            price=shown_price,
            chart=None,
            bold="No reference price.",
            sentence="Fewer than five comparable listings are known.",
        )
    base_price = math.exp(price.log_price)
    claimed, asking_price = facts.listing.list_price, facts.listing.price
    scaled = float(claimed / asking_price) * base_price if claimed and asking_price else None
    chart = charts.price_chart(base_price, known, currency=price.base_currency, claimed=scaled)
    name, reference = known[0].name, known[0].reference
    ratio = math.exp(price.log_price - reference.log_median)
    what = words.many(reference.n, "listing")
    usual = chart.strips[0].usual.capitalize()
    told_text = "" if scaled is None else f" Claimed previous price: {words.rough_amount(scaled, price.base_currency)}."
    dots = _dots_in_words(chart, [comparable.samples.listings for comparable in known])
    return SimpleNamespace(
        price=shown_price,
        chart=chart,
        bold=f"{ratio:.0%} of the median",
        sentence=f"of {what}: {name}. {usual}.{told_text}{dots}",
    )


def _dots_in_words(chart: PriceChart, listings: Sequence[int]) -> str:
    """What the dots of a chart represent, and how many lie outside it."""
    if not any(strip.dots for strip in chart.strips):
        return ""
    beyond = sum(strip.beyond for strip in chart.strips)
    further = f" {words.many(beyond, 'dot')} not shown: beyond the right edge." if beyond else ""
    many = f", or one twentieth of a group of more than {SAMPLED} listings" if max(listings) > SAMPLED else ""
    return f" Each dot is one listing{many}.{further}"


_MACHINES: Final = frozenset({"router", "sweep", "seller", "notice"})


def case_timeline(
    rows: Sequence[Mapping[str, Any]], *, blind: bool, is_masked: bool = False
) -> list[tuple[datetime, str, str | None]]:
    """Events with time, text and actor, newest first.

    The router's reasons name the score, so a blind page shows only their first words.

    If the score is masked until the decision, the lane is too, and the router's entry says only that the case opened.
    """

    def told_text(row: Mapping[str, Any]) -> str:
        if row["actor"] != "router" or not (blind or is_masked):
            return str(row["what"])
        return "Opened." if is_masked else f"{row['what'].partition('.')[0]}."

    return [
        (row["known_at"], told_text(row), None if row["actor"] in _MACHINES else row["actor"]) for row in reversed(rows)
    ]


@dataclass(frozen=True, slots=True)
class NoticeCard:
    """An external notice about the listing: the kind of reporter, never the name."""

    who: str
    reason: str
    explanation: ShownText
    right: ShownText | None
    by_power_of_attorney: bool
    documents: tuple[ShownDocument, ...]
    received: str
    end: str | None


_REPORTERS: Final = {
    ReporterKind.UNREGISTERED: "Unregistered reporter",
    ReporterKind.REGISTERED: "Registered reporter",
    ReporterKind.BRAND: "Brand",
    ReporterKind.TRUSTED_FLAGGER: "Trusted flagger",
}
_REASONS: Final = {reason.value: reason.text for reason in REASON_CODES}


def notice_cards(
    notices: Sequence[ShownNotice], documents: Sequence[NoticeDocument], case: Case, now: datetime
) -> tuple[NoticeCard, ...]:
    """The cards of the notices about the listing of a case, with their documents, and where to end one as invalid."""
    may_end = case.state is CaseState.OPEN and case.lane in LANES
    return tuple(
        NoticeCard(
            _REPORTERS[notice.reporter_kind],
            _REASONS[notice.reason_code.value],
            text_view.show(notice.explanation),
            named_right(notice.right, notice.right.kind),
            notice.right.by_power_of_attorney,
            tuple(
                document_of_notice(each, case.case_id, now) for each in documents if each.notice_id == notice.notice_id
            ),
            words.moment(notice.known_at, now),
            f"/cases/{case.case_id}/notices/{notice.notice_id}/invalid" if may_end and notice.waits else None,
        )
        for notice in notices
    )


_FITS: Final = {
    SearchedText.TITLE: N_("%(label)s: “%(words)s” in the title."),
    SearchedText.DESCRIPTION: N_("%(label)s: “%(words)s” in the description."),
    SearchedText.ANY: N_("%(label)s: “%(words)s” in the listing."),
}


def rule_matches(facts: Facts, *, brand_id: str | None = None) -> tuple[SimpleNamespace, ...]:
    """The indicators that matched when the listing was scored; a brand's people see their own brand's only."""
    fired = facts.indicators.fired if facts.indicators is not None else ()
    return tuple(
        SimpleNamespace(
            counterfeit=indicator.direction is Direction.COUNTERFEIT,
            sentence=text_view.show(say(_FITS[indicator.where], label=indicator.label, words=indicator.words)),
        )
        for indicator in fired
        if brand_id is None or indicator.brand_id == brand_id
    )


router = APIRouter(include_in_schema=False)
# The marketplace's data about its sellers is not given to brands.
_EVIDENCE_ID = re.compile(r"evd_[0-9a-z]{26}\Z", re.ASCII)


@router.get("/cases/{case_id}/evidence/{evidence_id}/page")
def get_page(case_id: CaseId, evidence_id: str, request: Request, session: Reviewer) -> Response:
    """Download the page of a snapshot; a browser must never render it as one of ours."""
    taken = _snapshot_of_case(request, session, case_id, evidence_id)
    body = require(page_of(taken), "The page of this snapshot was erased.")
    return _attachment(body, "text/html; charset=utf-8", f"{taken.evidence_id}.html")


@router.get("/cases/{case_id}/evidence/{evidence_id}/data")
def get_data(case_id: CaseId, evidence_id: str, request: Request, session: Reviewer) -> Response:
    """Download the whole snapshot with salts and digests."""
    taken = _snapshot_of_case(request, session, case_id, evidence_id)
    return _attachment(as_file(taken), "application/json", f"{taken.evidence_id}.json")


def _snapshot_of_case(request: Request, session: Session, case_id: str, evidence_id: str) -> StoredSnapshot:
    """A snapshot of the case's listing; one of another listing counts as missing."""
    with runtime_of(request).store.read() as connection:
        case, side = visible_case(connection, session.person, case_id)
        if side is Side.ANALYST and _EVIDENCE_ID.match(evidence_id):
            snapshot = evidence.get(connection, case.marketplace_id, evidence_id)
            if snapshot.listing_id == case.listing_id:
                return snapshot
    raise NotFound("There is no such evidence.")


def _attachment(body: bytes, kind: str, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"', "content-security-policy": "sandbox"}
    return Response(body, media_type=kind, headers=headers)


def reasons_card(row: Mapping[str, Any]) -> SimpleNamespace:
    """The card of a score with its explanation (`explained`)."""
    reasons: Sequence[Reason] = row["reasons"]
    route = tuple(in_english(message) for message in row["route_reasons"])
    evidence = tuple(in_english(message) for message in row["evidence"] if message.code != AMBIGUOUS)
    ambiguous = next((in_english(message) for message in row["evidence"] if message.code == AMBIGUOUS), None)
    is_scorecard = row["kind"] == ScoreKind.SCORECARD.value
    digits = 0 if is_scorecard else 2
    rest = tuple(
        SimpleNamespace(sentence=in_english(reason.message), weight=words.signed_figure(reason.weight, digits))
        for reason in reasons
        if reason.code in REMAINDERS
    )
    if is_scorecard:
        unit, total = "points", f"{row['value']:.0f} points in total"
        note = "Points are fixed expert weights. They are not calibrated and not a probability."
    else:
        unit, total = "log-odds", f"{words.signed_figure(row['value'])} in total, probability {row['probability']:.2f}"
        note = "" if row["why_none"] else "The parts add up to the total. Above zero they point to counterfeit."
        if row["encoder"] is not None:
            note = f"A second score: {row['encoder']} read the title after the first answer. {note}"
    bars = charts.reason_bars(named_parts(reasons), digits)
    return SimpleNamespace(
        evidence=evidence,
        ambiguous=ambiguous,
        unit=unit,
        bars=bars,
        remainders=rest,
        total=total,
        note=note,
        route=route,
        why_none=row["why_none"],
    )
