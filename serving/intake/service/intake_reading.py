"""The reads of a batch, and what follows from them: steps, facts, scores and routes. Nothing is written here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from features.corrections import NamedBrand
from features.facts import Facts, assemble_facts
from features.listing import Listing
from features.near_duplicates import NearDuplicates
from features.references import References
from models.policies.sellers import SellerListPolicy
from serving.cases.matching import brand_from
from serving.cases.rules.case_brand import KeptNaming
from serving.cases.store import assignments, case_brands
from serving.intake.service.batch_scoring import BatchCases, BatchScored, score_batch
from serving.intake.service.intake_steps import Step
from serving.intake.service.listing_states import ListingStates, rounds_of
from serving.intake.service.near_duplicates import BatchTexts
from serving.intake.service.seller_histories import SellerHistories
from serving.listings.store.listings import Latest
from serving.listings.store.signatures import NewText
from serving.marketplaces.rules import AutomaticRule
from serving.marketplaces.store import kill_switches
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.database.planning import keep_plans
from serving.platform.runtime import Runtime
from serving.scoring.service.reference_context import ReferenceContext, ReferenceContextCache
from serving.scoring.service.scoring import Questions
from serving.sellers.service.seller_listing import entries_of


def questions_now(
    connection: Connection, marketplace: Marketplace, context: ReferenceContext, now: datetime
) -> Questions:
    """Enrolled brands, whether questions are on hold, and the rest of the daily limits (calendar days, UTC)."""
    limits = context.daily_questions
    is_on = kill_switches.is_on(connection, marketplace.marketplace_id, AutomaticRule.MODEL_QUESTIONS)
    kept = context.questions_paused or not is_on
    if not limits:
        return Questions(context.taking_part, kept)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    asked = assignments.asked_since(connection, marketplace.marketplace_id, limits, midnight)
    left = {brand_id: max(0, limit - asked.get(brand_id, 0)) for brand_id, limit in limits.items()}
    return Questions(context.taking_part, kept, left)


@dataclass(frozen=True, slots=True)
class Gathered:
    """The steps of a batch round by round, with everything that is to be stored of them, by position.

    `known` are the states of the listings as they were read, by external id. `late` are the log prices of rows that
    came in after newer ones. `texts` are the texts of new versions. `named` are the namings in force, by listing.
    """

    known: Mapping[str, Latest]
    steps: list[Step]
    facts: dict[int, Facts]
    late: dict[int, float | None]
    texts: dict[int, NewText | None]
    batch: BatchScored
    taking_part: frozenset[str]
    named: Mapping[str, KeptNaming]

    @property
    def changed(self) -> list[Step]:
        """The new versions and observations."""
        return [step for step in self.steps if step.is_change]


def gather(
    runtime: Runtime,
    marketplace: Marketplace,
    accepted: Sequence[tuple[int, Listing]],
    *,
    now: datetime,
    backfill: bool,
) -> Gathered:
    """Compare rows with the stored state and with the rows before them, and score those that change something.

    All reads are made once for the batch. A row sees what the earlier rows of its listing, and the rounds before its
    own, will have stored.
    """
    here, rounds = marketplace.marketplace_id, rounds_of(accepted)
    with runtime.store.read() as connection:
        context = runtime.services[ReferenceContextCache].of(connection, marketplace, now)
        states = ListingStates.read(connection, here, rounds, runtime, context.references, backfill=backfill)
        compared = states.steps(rounds, now)
        changes = [[step for step in round_ if step.is_change] for round_ in compared]
        changed = [step for round_ in changes for step in round_]
        seller_histories = SellerHistories.read(connection, here, [(step.listing, step.as_of) for step in changed])
        sellers = ((seller, links) for (seller, _), links in seller_histories.links.items())
        entries = entries_of(connection, here, sellers, now, runtime.policies[SellerListPolicy])
        questions = questions_now(connection, marketplace, context, now)
        cases = BatchCases.read(connection, here, changed)
        named = case_brands.of_listings(connection, here, [one.listing_id for one in states.known.values()])
        keep_plans(connection)  # For what is read last: the lookup of texts, which would keep them for itself.
        batch_texts = BatchTexts(connection, here, changed)
    kept = {listing_id: one.kept for listing_id, one in named.items() if one.kept is not None}
    facts: dict[int, Facts] = {}
    texts: dict[int, NewText | None] = {}
    brands: dict[int, str | None] = {}
    for step in changed:
        near = batch_texts.near_duplicates_of(step)
        namings = named[step.listing_id].given if step.listing_id in named else ()
        found = _facts(step, context.references, seller_histories, marketplace, near, namings)
        facts[step.position] = found
        brand_id = brand_from(found, kept.get(step.listing_id)).brand_id
        brands[step.position] = brand_id
        if step.is_version:
            seller_histories.take_in(step, found, context.taking_part)
            on_list = seller_histories.periods(step.listing.seller.external_id, brand_id)
            texts[step.position] = batch_texts.take_in(step, found, on_list)
    batch = score_batch(
        runtime, here, changes, facts, brands, cases=cases, questions=questions, entries=entries, now=now
    )
    steps = [step for round_ in compared for step in round_]
    late = {step.position: step.log_price(context.references) for step in steps if step.is_late}
    return Gathered(states.known, steps, facts, late, texts, batch, context.taking_part, kept)


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
        likeness=near,
    )
    return assemble_facts(
        step.listing, references, history, marketplace=marketplace.marketplace_id, as_of=step.as_of, named=named
    )
