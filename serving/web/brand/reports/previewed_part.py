"""The preview of a report: what would happen to each listing now, and what is attached."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from serving.accounts.policy import SecondFactorPolicy
from serving.accounts.store.accounts import Session
from serving.platform.deadlines import latest_day
from serving.platform.runtime import Runtime
from serving.platform.tongues import say
from serving.reports.rules.attachments import bought_listing_number
from serving.reports.rules.outcomes import ListingResult, is_doubtful, order_of_doubt
from serving.reports.rules.step_up import why_no_step_up
from serving.reports.service.previewing import ForeseenOutcome, counts_of, preview_report
from serving.reports.service.signed import leaves_at
from serving.reports.service.stepping_up import circumstances
from serving.reports.service.submitting import Draft, pair_of_draft
from serving.takedowns.policy import BurstPolicy
from serving.takedowns.service.takedown import undo_window
from serving.takedowns.store.removal_notices import Remover
from serving.web import text_view
from serving.web.brand.questions import usual_price_share
from serving.web.brand.reports.report_state_page import reason_in_words
from serving.web.case.listing_page import ShownPicture, shown_pictures
from serving.web.queue.queue_rows import price_of
from serving.web.test_buy_part import ShownTestBuy, test_buy_shown
from serving.web.text_view import ShownText
from serving.web.wording import words
from serving.web.wording.translated import in_words
from serving.web.wording.vocabulary import REPORT_RESULTS, StateWords

_NOT_AT_ONCE: Final = frozenset({ListingResult.PENDING_APPROVAL, ListingResult.CASE})


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """A listing with what a person checks before it is sent. `compared` is its price beside the usual one.

    `link` is its address at the marketplace, None where it is not known to be one. `doubtful` is whether something
    speaks against a counterfeit.
    """

    listing: ShownText
    link: str | None
    price: str | None
    compared: str | None
    seller: ShownText | None
    pictures: tuple[ShownPicture, ...]
    state: StateWords
    reason: str
    doubtful: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """What the report would do, by result and by listing, the least certain listings first.

    `confirmed` is what it would do with a second factor, and `why_not` why that is not possible; both are empty for a
    report that is small or needs no second factor. `confirmed_leaves` is when it leaves with one. `undo_window` is how
    long after the report removals leave without one, and `causes` are the reasons why others wait, each with a number.
    `test_buy` is the one that is sent with it.
    """

    counts: tuple[tuple[StateWords, int], ...]
    rows: tuple[PreviewRow, ...]
    goes: bool
    undo_window: str
    causes: tuple[tuple[str, int], ...]
    confirmed: tuple[tuple[StateWords, int], ...]
    confirmed_leaves: str
    why_not: tuple[str, ...]
    test_buy: ShownTestBuy | None


def preview_draft(runtime: Runtime, session: Session, draft: Draft) -> Preview:
    """The preview of a draft. Raises Invalid, NotFound, NoRightCarries, NotBriefed (as when the report is sent)."""
    listings = preview_report(runtime, session.person, draft)
    counts = counts_of(listings)
    with runtime.store.read() as connection:
        brand_id = pair_of_draft(connection, session.person, draft)[1]
    shares = {
        listing.number: None if listing.facts is None else usual_price_share(listing.facts, brand_id)
        for listing in listings
    }
    by_doubt = sorted(listings, key=lambda listing: order_of_doubt(listing.outcome, shares[listing.number]))
    rows = tuple(_preview_row(runtime, listing, shares[listing.number]) for listing in by_doubt)
    causes = Counter(
        in_words(listing.outcome.reasons[0]) for listing in listings if listing.outcome.result in _NOT_AT_ONCE
    )
    confirmed, leaves, reasons = _with_step_up(runtime, session, draft, counts)
    goes = counts[ListingResult.REFUSED] < len(listings)
    return Preview(
        _counts_in_words(counts),
        rows,
        goes,
        words.duration(undo_window(runtime, stepped_up=False).total_seconds()),
        tuple(causes.most_common()),
        confirmed,
        leaves,
        reasons,
        _shown_test_buy(runtime, draft, [listing.location for listing in listings]),
    )


def _preview_row(runtime: Runtime, foreseen: ForeseenOutcome, price_share: float | None) -> PreviewRow:
    facts, outcome = foreseen.facts, foreseen.outcome
    seller = None if facts is None else facts.listing.seller.external_id
    pictures: tuple[ShownPicture, ...] = ()
    if facts is not None and foreseen.question is not None:
        pictures = shown_pictures(runtime, foreseen.question, facts)
    return PreviewRow(
        listing=text_view.show(foreseen.title or foreseen.location),
        link=None if facts is None else facts.listing.link,
        price=None if facts is None else price_of(facts),
        compared=None
        if price_share is None
        else say("%(share)s of the usual price.", share=words.percent(price_share)),
        seller=None if seller is None else text_view.show(seller),
        pictures=pictures,
        state=REPORT_RESULTS[outcome.result],
        reason=reason_in_words(outcome.reasons, None),
        doubtful=is_doubtful(outcome),
    )


def _with_step_up(
    runtime: Runtime, session: Session, draft: Draft, usual: Mapping[ListingResult, int]
) -> tuple[tuple[tuple[StateWords, int], ...], str, tuple[str, ...]]:
    """What a large report would do with a second factor and when it leaves, or why it cannot be confirmed so."""
    if len(draft.locations) <= runtime.policies[BurstPolicy].per_user or not usual[ListingResult.PENDING_APPROVAL]:
        return (), "", ()
    person, now = session.person, runtime.clock.now()
    with runtime.store.read() as connection:
        pair = pair_of_draft(connection, person, draft)
        refused = why_no_step_up(
            circumstances(runtime, connection, person, pair), runtime.wall.now(), runtime.policies[SecondFactorPolicy]
        )
        remover = Remover(pair[0], person.user_id, pair[1])
        leaves = leaves_at(runtime, connection, remover, now, len(draft.locations))
    if refused:
        return (), "", tuple(map(in_words, refused))
    confirmed = counts_of(preview_report(runtime, person, replace(draft, with_step_up=True)))
    return _counts_in_words(confirmed), words.moment_named(leaves, now), ()


def _shown_test_buy(runtime: Runtime, draft: Draft, locations: list[str]) -> ShownTestBuy | None:
    if draft.test_buy is None:
        return None
    number = bought_listing_number(draft.test_buy, locations, latest_day(runtime.clock.now()))
    return test_buy_shown(draft.test_buy, locations[number - 1])


def _counts_in_words(counts: Mapping[ListingResult, int]) -> tuple[tuple[StateWords, int], ...]:
    return tuple((REPORT_RESULTS[report_result], number) for report_result, number in counts.items() if number)
