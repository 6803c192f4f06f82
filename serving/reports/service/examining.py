"""A reported listing as it stands, and the limits that its removal meets: what the rule of outcomes needs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from features.facts import Facts
from features.lexicon import Kind
from features.reading import read_text
from models.case import CaseLane
from models.verdict import Judgement
from serving.brands.store import authorised_sellers
from serving.cases.matching import brand_from
from serving.cases.rules.case_brand import CaseBrand
from serving.cases.rules.doubt import Claim, Doubt
from serving.cases.service.doubts import ClaimedVersion, doubt_of
from serving.cases.store import case_brands, cases, verdicts
from serving.cases.store.cases import Case
from serving.listings.store import scores
from serving.notices.rules.notices import possible_ids
from serving.notices.service.notified_listings import listing_meant
from serving.notices.store import identified_listings
from serving.notices.store.identified_listings import IdentifiedListing
from serving.platform.runtime import Runtime
from serving.reports.rules.outcomes import ListingSituation, Owner
from serving.takedowns.store import actions


@dataclass(frozen=True, slots=True)
class ExaminedListing:
    """A reported listing: its ids, its facts, its open case, and what the rule needs."""

    known: IdentifiedListing
    score_id: str
    facts: Facts
    case: Case | None
    situation: ListingSituation


@dataclass(slots=True)
class Examination:
    """The listings of one report, examined one after another; `seen` are those named so far, `locked` by location.

    `shown` are the versions that were shown where the report answers open questions; empty where it answers none.
    """

    runtime: Runtime
    connection: Connection
    marketplace_id: str
    brand_id: str
    at: datetime
    seen: set[str] = field(default_factory=set)
    shown: frozenset[str] = frozenset()
    locked: dict[str, IdentifiedListing | None] = field(default_factory=dict)

    def look_up(self, location: str, *, locked: bool = True) -> IdentifiedListing | None:
        """The listing that a location names; `locked` against changes and new cases."""
        if locked and location in self.locked:
            return self.locked[location]
        return self.look_up_all([location], locked=locked)[location]

    def look_up_all(self, locations: Sequence[str], *, locked: bool = True) -> dict[str, IdentifiedListing | None]:
        """The listing that each of these locations names, as `look_up`."""
        names = {name for location in locations for name in possible_ids(location)}
        named = identified_listings.listings_named(self.connection, self.marketplace_id, names, locked=locked)
        meant = {
            location: listing_meant(location, {name: named[name] for name in possible_ids(location) if name in named})
            for location in locations
        }
        if locked:
            self.locked |= meant
        return meant

    def examine(self, known: IdentifiedListing) -> ExaminedListing:
        """What the rule of outcomes needs to know of a listing; the listing then counts as named by the report."""
        marketplace_id, listing_id = self.marketplace_id, known.listing_id
        score = scores.latest_of_version(self.connection, marketplace_id, known.version_id)
        facts = scores.scored_facts(self.connection, marketplace_id, score["score_id"])
        case = cases.open_cases(self.connection, marketplace_id, [listing_id]).get(listing_id)
        uses = read_text(facts.listing).kinds.get(Kind.TRAP, ())
        listing = ListingSituation(
            owner=self._owner(self._brand(known, facts, case)),
            authorised=self._vouches_for(facts.listing.seller.external_id),
            removed=actions.removal_of_listing(self.connection, marketplace_id, listing_id) is not None,
            doubt=self._doubt(known, facts),
            named_before=listing_id in self.seen,
            reported_before=case is not None and self._waits_for_analyst(case),
            closed=bool(self.shown) and not self._is_question(known, case),
            lane=None if case is None else case.lane,
            honest_uses=tuple(dict.fromkeys(use.words for use in uses if use.specificity != "weak")),
        )
        self.seen.add(listing_id)
        return ExaminedListing(known, score["score_id"], facts, case, listing)

    def _brand(self, known: IdentifiedListing, facts: Facts, case: Case | None) -> CaseBrand:
        if case is not None:
            return case.brand
        namings = case_brands.latest_of_listings(self.connection, self.marketplace_id, [known.listing_id])
        return brand_from(facts, namings.get(known.listing_id))

    def _doubt(self, known: IdentifiedListing, facts: Facts) -> Doubt | None:
        claimed = ClaimedVersion(self.marketplace_id, known.listing_id, known.version_id, facts)
        return doubt_of(self.connection, claimed, Claim(brand_id=self.brand_id))

    def _owner(self, brand: CaseBrand) -> Owner:
        if brand.brand_id == self.brand_id:
            return Owner.OWN
        return Owner.OTHER if brand.is_named else Owner.UNRESOLVED

    def _vouches_for(self, seller: str | None) -> bool:
        entries = authorised_sellers.list_entries(self.connection, (self.marketplace_id, self.brand_id))
        return any(record.seller == seller and record.authorisation.holds(self.at) for record in entries)

    def _is_question(self, known: IdentifiedListing, case: Case | None) -> bool:
        is_open = case is not None and case.lane is CaseLane.ASK_BRAND and case.version_id == known.version_id
        return is_open and known.version_id in self.shown

    def _waits_for_analyst(self, case: Case) -> bool:
        if case.lane is CaseLane.ASK_BRAND:
            return False
        last = verdicts.latest_of_case(self.connection, self.marketplace_id, case.case_id, self.brand_id)
        return last is not None and last.judgement is Judgement.COUNTERFEIT
