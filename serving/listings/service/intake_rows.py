"""The database rows of one accepted listing, collected for many listings and inserted table by table."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from features.corrections import NamedBrand
from features.facts import SCHEMA, Facts, assemble_facts, reference_keys
from features.history import NO_PRICES
from features.listing import Listing
from features.message import as_json
from features.near_duplicates import NearDuplicates
from features.references import References
from models.policies.sellers import SellerListPolicy
from models.score import reason_as_json
from serving.cases.matching import brand_from
from serving.cases.rules.case_brand import KeptNaming
from serving.cases.store import assignments, case_brands, deferrals
from serving.cases.store.cases import Case
from serving.listings.service.batch_scoring import BatchCases, ScoredBatch, score_batch
from serving.listings.service.cases_to_open import CasesToOpen
from serving.listings.service.intake_steps import Step, content_of
from serving.listings.service.listing_states import ListingStates, rounds_of
from serving.listings.service.near_duplicates import BatchTexts
from serving.listings.service.seller_events import SellerHistories
from serving.listings.store import late_versions, listings, scores, search, signatures
from serving.listings.store.listings import LatestState
from serving.listings.store.search import SearchableListing
from serving.listings.store.signatures import NewText
from serving.marketplaces.rules import AutomaticRule
from serving.marketplaces.store import kill_switches
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.database.fast.door import in_one_statement, keep_plans, planned_for_values
from serving.platform.runtime import Runtime
from serving.scoring.service.scoring import (
    QuestionBudget,
    ReferenceContext,
    ReferenceContextCache,
    ScoredVersion,
    TrialScores,
)
from serving.scoring.store import trials
from serving.sellers.service.seller_listing import entries_of


def questions_now(
    connection: Connection, marketplace: Marketplace, context: ReferenceContext, now: datetime
) -> QuestionBudget:
    """Enrolled brands, whether questions are on hold, and the rest of the daily limits (calendar days, UTC)."""
    limits = context.daily_questions
    is_on = kill_switches.is_on(connection, marketplace.marketplace_id, AutomaticRule.MODEL_QUESTIONS)
    on_hold = context.questions_paused or not is_on
    if not limits:
        return QuestionBudget(context.taking_part, on_hold)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    question_counts = assignments.questions_since(connection, marketplace.marketplace_id, limits, midnight)
    questions_left = {brand_id: max(0, limit - question_counts.get(brand_id, 0)) for brand_id, limit in limits.items()}
    return QuestionBudget(context.taking_part, on_hold, questions_left)


@dataclass(frozen=True, slots=True)
class GatheredBatch:
    """The steps of a batch round by round, with everything that is to be stored of them, by position.

    `known` are the states of the listings as they were read, by external id. `late` are the log prices of rows that
    came in after newer ones. `texts` are the texts of new versions. `named` are the namings in force, by listing.
    """

    known: Mapping[str, LatestState]
    steps: list[Step]
    facts: dict[int, Facts]
    late: dict[int, float | None]
    texts: dict[int, NewText | None]
    batch: ScoredBatch
    taking_part: frozenset[str]
    named: Mapping[str, KeptNaming]

    @property
    def changed(self) -> list[Step]:
        """The new versions and observations."""
        return [step for step in self.steps if step.is_change]


def gather_batch(
    runtime: Runtime,
    marketplace: Marketplace,
    accepted: Sequence[tuple[int, Listing]],
    *,
    now: datetime,
    backfill: bool,
) -> GatheredBatch:
    """Compare rows with the stored state and with the rows before them, and score those that change something.

    All reads are made once for the batch. A row sees what the earlier rows of its listing, and the rounds before its
    own, will have stored.
    """
    marketplace_id, rounds = marketplace.marketplace_id, rounds_of(accepted)
    with runtime.store.read() as connection:
        context = runtime.services[ReferenceContextCache].of(connection, marketplace, now)
        states = ListingStates.read(connection, marketplace_id, rounds, runtime, context.references, backfill=backfill)
        compared = states.steps(rounds, now)
        changes = [[step for step in round_ if step.is_change] for round_ in compared]
        changed = [step for round_ in changes for step in round_]
        seller_histories = SellerHistories.read(
            connection, marketplace_id, [(step.listing, step.as_of) for step in changed]
        )
        sellers = ((seller, links) for (seller, _), links in seller_histories.links.items())
        entries = entries_of(connection, marketplace_id, sellers, now, runtime.policies[SellerListPolicy])
        questions = questions_now(connection, marketplace, context, now)
        cases = BatchCases.read(connection, marketplace_id, changed)
        named = case_brands.of_listings(
            connection, marketplace_id, [version.listing_id for version in states.known.values()]
        )
        keep_plans(connection)  # For what is read last: the lookup of texts, which would keep them for itself.
        batch_texts = BatchTexts(connection, marketplace_id, changed)
    kept_namings = {listing_id: naming.current for listing_id, naming in named.items() if naming.current is not None}
    facts: dict[int, Facts] = {}
    texts: dict[int, NewText | None] = {}
    brands: dict[int, str | None] = {}
    for step in changed:
        near = batch_texts.near_duplicates_of(step)
        namings = named[step.listing_id].history if step.listing_id in named else ()
        row_facts = _facts(step, context.references, seller_histories, marketplace, near, namings)
        facts[step.position] = row_facts
        brand_id = brand_from(row_facts, kept_namings.get(step.listing_id)).brand_id
        brands[step.position] = brand_id
        if step.is_version:
            seller_histories.take_in(step, row_facts, context.taking_part)
            on_list = seller_histories.periods(step.listing.seller.external_id, brand_id)
            texts[step.position] = batch_texts.take_in(step, row_facts, on_list)
    batch = score_batch(
        runtime, marketplace_id, changes, facts, brands, cases=cases, questions=questions, entries=entries, now=now
    )
    steps = [step for round_ in compared for step in round_]
    late = {step.position: step.log_price(context.references) for step in steps if step.is_late}
    return GatheredBatch(states.known, steps, facts, late, texts, batch, context.taking_part, kept_namings)


def _facts(
    step: Step,
    references: References,
    recorded: SellerHistories,
    marketplace: Marketplace,
    near: NearDuplicates | None,
    named: Sequence[NamedBrand],
) -> Facts:
    history = recorded.of(
        step.listing,
        listing_id=step.listing_id,
        as_of=step.as_of,
        complete_since=marketplace.seller_events_since,
        version=step.version,
        previous_log_price=step.previous_log_price,
        earlier_prices=step.earlier_prices,
        near_duplicates=near,
    )
    return assemble_facts(
        step.listing, references, history, marketplace=marketplace.marketplace_id, as_of=step.as_of, named=named
    )


_Rows = list[dict[str, Any]]


class RowsToKeep:
    """The rows of one write, inserted table by table in the order of their references, and the cases that it opens.

    `stored` are the open cases, and `named` the brands that people named for listings, both by listing.
    """

    def __init__(
        self,
        runtime: Runtime,
        marketplace_id: str,
        taking_part: frozenset[str],
        stored: Mapping[str, Case],
        named: Mapping[str, KeptNaming],
    ) -> None:
        self._runtime, self._here, self._taking_part = runtime, marketplace_id, taking_part
        self._named = named
        self.cases = CasesToOpen(runtime, marketplace_id, taking_part, stored, named)
        self._listings: dict[str, dict[str, Any]] = {}
        self._advances: dict[str, dict[str, Any]] = {}
        self._texts: list[NewText] = []
        self._findable: list[SearchableListing] = []
        self._sellers, self._versions, self._late, self._observations = _Rows(), _Rows(), _Rows(), _Rows()
        self._facts, self._scores, self._tried = _Rows(), _Rows(), _Rows()

    def keep(self, step: Step, facts: Facts, scored: ScoredVersion) -> str:
        """The listing, version, observation, facts and score of one step; returns the score's id."""
        new = self._runtime.ids.new
        seller = step.listing.seller.external_id
        if seller is not None:
            self._sellers.append(self._tenant(seller_id=new("sel"), external_id=seller, first_known_at=step.as_of))
        pointer = {
            "version_id": step.version_id,
            "version": step.version,
            "content_hash": step.content_hash,
            "observed_hash": step.observed_hash,
            "seller_external_id": seller,
            "occurred_at": step.latest_occurred_at,
        }
        if step.before is None:
            self._listings[step.listing_id] = self._tenant(
                listing_id=step.listing_id, external_id=step.listing.external_id, first_known_at=step.as_of, **pointer
            )
        elif (added := self._listings.get(step.listing_id)) is not None:
            added.update(pointer)
        else:
            self._advances[step.listing_id] = pointer
        if step.is_version:
            self._versions.append(self._version(step, facts))
            self._findable.append(SearchableListing(step.listing.external_id, step.listing.title, seller))
        self._observations.append(
            self._tenant(
                observation_id=new("obs"),
                listing_id=step.listing_id,
                version_id=step.version_id,
                observed=step.observed,
                occurred_at=step.occurred_at,
                known_at=step.as_of,
            )
        )
        body = facts.to_json()
        digest = hashlib.sha256(body).hexdigest()
        self._facts.append(self._tenant(digest=digest, schema=SCHEMA, body=body))
        return self.keep_score(step, digest, scored)

    def keep_score(self, step: Step, facts_digest: str, scored: ScoredVersion) -> str:
        """The score of one step on facts that are stored; returns its id."""
        score_id = self._runtime.ids.new("sco")
        self._scores.append(
            self._tenant(
                score_id=score_id,
                listing_id=step.listing_id,
                version_id=step.version_id,
                facts_digest=facts_digest,
                kind=scored.score.kind.value,
                value=scored.score.value,
                probability=scored.score.probability,
                scorer=scored.score.scorer,
                fingerprint=scored.score.fingerprint,
                reasons=[reason_as_json(reason) for reason in scored.score.reasons],
                evidence=[as_json(message) for message in scored.score.evidence],
                lane=scored.route.lane.value,
                route_reasons=[as_json(reason) for reason in scored.route.reasons],
                policy_version=scored.route.policy_version,
                inclusion_probability=scored.route.inclusion_probability,
                encoder=scored.score.encoder,
                scored_at=step.as_of,
            )
        )
        return score_id

    def _version(self, step: Step, facts: Facts) -> dict[str, Any]:
        # Other listings are compared with what the evidence resolves: a correction moves its own listing alone.
        listing, brand_keys = step.listing, reference_keys(step.listing, facts.resolved)
        return self._tenant(
            version_id=step.version_id,
            listing_id=step.listing_id,
            number=facts.version,
            content_hash=step.content_hash,
            content=content_of(listing),
            seller_external_id=listing.seller.external_id,
            price_minor=listing.price_minor[0] if listing.price_minor else None,
            currency=listing.currency,
            log_price=facts.price.log_price,
            previous_log_price=facts.price.previous_log_price,
            earlier_prices={} if step.earlier_prices == NO_PRICES else asdict(step.earlier_prices),
            draw=step.draw,
            brand_id=brand_from(facts, self._named.get(step.listing_id)).brand_id,
            brand_key=brand_keys[0],
            category_key=brand_keys[1],
            protected=facts.resolved.brand_id in self._taking_part,
            occurred_at=step.occurred_at,
            known_at=step.as_of,
        )

    def keep_late(self, step: Step, log_price: float | None) -> None:
        """A row that came in after a newer one: history only."""
        if step.before is not None:
            self._late.append(
                self._tenant(
                    late_version_id=self._runtime.ids.new("lat"),
                    listing_id=step.before.listing_id,
                    content_hash=step.content_hash,
                    observed_hash=step.observed_hash,
                    content=content_of(step.listing),
                    observed=step.observed,
                    log_price=log_price,
                    occurred_at=step.listing.occurred_at,
                    known_at=step.as_of,
                )
            )

    def keep_text(self, text: NewText | None) -> None:
        """The signature of a new version's text; None where it is too short for a comparison."""
        if text is not None:
            self._texts.append(text)

    def keep_trial(self, step: Step, both: TrialScores) -> None:
        """Store the scores of both models for a version while one is on trial."""
        self._tried.append(
            self._tenant(
                trial_id=both.trial_id,
                version_id=step.version_id,
                champion_probability=both.champion.score.probability,
                champion_lane=both.champion.route.lane.value,
                challenger_probability=both.challenger.score.probability,
                challenger_lane=both.challenger.route.lane.value,
                challenger_decided=both.challenger_decides,
                scored_at=step.as_of,
            )
        )

    def insert(self, connection: Connection) -> None:
        for listing_id, pointer in self._advances.items():
            listings.update_pointer(connection, self._here, listing_id, pointer)
        keep_plans(connection)
        with in_one_statement(connection):
            listings.add_sellers(connection, self._sellers)
            listings.add_listings(connection, list(self._listings.values()))
            listings.add_versions(connection, self._versions)
            signatures.add_texts(connection, self._here, self._texts)
            search.index_listings(connection, self._here, self._findable)
            listings.add_observations(connection, self._observations)
            scores.add_facts(connection, self._facts)
            scores.add_scores(connection, self._scores)
            trials.add_scores(connection, self._tried)
            if not self.cases.need_what_is_stored:
                self.cases.insert(connection)
        # A listing that is new has no case.
        heard = {row["listing_id"] for row in self._observations} - self._listings.keys()
        if self._late or heard or self.cases.need_what_is_stored:
            with planned_for_values(connection):
                late_versions.add_late_versions(connection, self._here, self._late)
                deferrals.resume_cases(connection, self._here, heard, self._runtime.clock.now(), news=True)
                if self.cases.need_what_is_stored:
                    self.cases.insert(connection)

    def _tenant(self, **values: Any) -> dict[str, Any]:
        return {"marketplace_id": self._here, **values}
