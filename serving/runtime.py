"""The composition root: everything a request or job needs, made once and passed in."""

import random
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from features.price_lists import PriceLists
from features.references import References
from models.bundle import Bundle
from models.errors import BundleRefused, Invalid
from models.policies.appeals import DEFAULT_APPEALS, AppealPolicy
from models.policies.assignment import DEFAULT_ASSIGNMENT, AssignmentPolicy
from models.policies.attention import DEFAULT_ATTENTION, AttentionPolicy
from models.policies.breaker import DEFAULT_BREAKER, BreakerPolicy
from models.policies.bursts import DEFAULT_BURSTS, BurstPolicy
from models.policies.counter_notices.named import DEFAULT_COUNTER_NOTICE, PROFILES
from models.policies.counter_notices.rules import CounterNoticePolicy
from models.policies.delivery import DEFAULT_DELIVERY, DeliveryPolicy
from models.policies.enforcement import DEFAULT_ENFORCEMENT, EnforcementPolicy
from models.policies.enrolment import DEFAULT_ENROLMENT, EnrolmentPolicy
from models.policies.hidden_score import DEFAULT_HIDDEN_SCORE, HiddenScorePolicy
from models.policies.invitations import DEFAULT_INVITATIONS, InvitationPolicy
from models.policies.labels import DEFAULT_LABELS, LabelPolicy
from models.policies.notices import DEFAULT_NOTICES, NoticePolicy
from models.policies.promotion import DEFAULT_PROMOTION, PromotionPolicy
from models.policies.relist import DEFAULT_RELIST, RelistPolicy
from models.policies.reminders import DEFAULT_REMINDERS, ReminderPolicy
from models.policies.removal_check import DEFAULT_REMOVAL_CHECK, RemovalCheckPolicy
from models.policies.reset_links import DEFAULT_RESET_LINKS, ResetLinkPolicy
from models.policies.retention import DEFAULT_RETENTION, RetentionPolicy
from models.policies.rights import DEFAULT_RIGHTS, RightsPolicy
from models.policies.routing import DEFAULT_ROUTING, RoutingPolicy
from models.policies.sanctions import DEFAULT_SANCTIONS, SanctionPolicy
from models.policies.scorecard import DEFAULT_SCORECARD, ScorecardPolicy
from models.policies.second_look import DEFAULT_SECOND_LOOK, SecondLookPolicy
from models.policies.seller_evidence import DEFAULT_SELLER_EVIDENCE, SellerEvidencePolicy
from models.policies.seller_lists import DEFAULT_SELLER_LISTS, SellerListPolicy
from models.policies.seller_risk import DEFAULT_SELLER_RISK, SellerRiskPolicy
from models.policies.standing import DEFAULT_STANDING, StandingPolicy
from models.policies.strikes import DEFAULT_STRIKES, StrikePolicy
from models.policies.takedown import DEFAULT_TAKEDOWN, TakedownPolicy
from models.policies.waiting import DEFAULT_WAITING, WaitingPolicy
from models.retention import kept_for
from serving.bundles import BundleStore, LiveModels
from serving.clock import Clock, SimulatedClock, SystemClock
from serving.db import accounts, brands, breakers, clocks, learning, marketplaces, price_lists, references, trials
from serving.db.engine import sqlite_url
from serving.db.marketplaces import Marketplace
from serving.db.migrate import migrate
from serving.db.store import Store
from serving.db.trials import Trial
from serving.home import Home
from serving.ids import IdSource
from serving.jobs import Jobs
from serving.large_counts import LargeCounts
from serving.outbound.pictures import Pictures, hosts_of
from serving.settings import ClockKind, Settings

# Longer than a burst of requests, shorter than anybody waits for a new brand to be noticed by another process.
_SURROUNDINGS_LAST_SECONDS = 10.0
CONTACT_KEY: Final = "contact.key"


@dataclass(frozen=True, slots=True)
class Policies:
    """The rules in force."""

    routing: RoutingPolicy = DEFAULT_ROUTING
    scorecard: ScorecardPolicy = DEFAULT_SCORECARD
    enforcement: EnforcementPolicy = DEFAULT_ENFORCEMENT
    standing: StandingPolicy = DEFAULT_STANDING
    rights: RightsPolicy = DEFAULT_RIGHTS
    reminders: ReminderPolicy = DEFAULT_REMINDERS
    appeals: AppealPolicy = DEFAULT_APPEALS
    notices: NoticePolicy = DEFAULT_NOTICES
    counter_notice: CounterNoticePolicy = DEFAULT_COUNTER_NOTICE
    assignment: AssignmentPolicy = DEFAULT_ASSIGNMENT
    attention: AttentionPolicy = DEFAULT_ATTENTION
    enrolment: EnrolmentPolicy = DEFAULT_ENROLMENT
    takedown: TakedownPolicy = DEFAULT_TAKEDOWN
    bursts: BurstPolicy = DEFAULT_BURSTS
    hidden_score: HiddenScorePolicy = DEFAULT_HIDDEN_SCORE
    invitations: InvitationPolicy = DEFAULT_INVITATIONS
    reset_links: ResetLinkPolicy = DEFAULT_RESET_LINKS
    labels: LabelPolicy = DEFAULT_LABELS
    second_look: SecondLookPolicy = DEFAULT_SECOND_LOOK
    promotion: PromotionPolicy = DEFAULT_PROMOTION
    breaker: BreakerPolicy = DEFAULT_BREAKER
    delivery: DeliveryPolicy = DEFAULT_DELIVERY
    removal_check: RemovalCheckPolicy = DEFAULT_REMOVAL_CHECK
    relist: RelistPolicy = DEFAULT_RELIST
    seller_risk: SellerRiskPolicy = DEFAULT_SELLER_RISK
    seller_evidence: SellerEvidencePolicy = DEFAULT_SELLER_EVIDENCE
    strikes: StrikePolicy = DEFAULT_STRIKES
    sanctions: SanctionPolicy = DEFAULT_SANCTIONS
    seller_lists: SellerListPolicy = DEFAULT_SELLER_LISTS
    retention: RetentionPolicy = DEFAULT_RETENTION
    waiting: WaitingPolicy = DEFAULT_WAITING


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the listings of a marketplace are compared with, which brands there answer questions, and how many a day."""

    references: References
    taking_part: frozenset[str]
    daily_questions: Mapping[str, int]
    questions_held: bool


@dataclass(slots=True)
class SurroundingsCache:
    """Surroundings of each marketplace, read at most every few seconds and at once after a change made here."""

    _held: dict[str, tuple[float, Surroundings]] = field(default_factory=dict)
    # Long, and seldom changed: kept apart, by when they were last added to and the day on which they hold.
    _lists: dict[str, tuple[tuple[datetime | None, date], PriceLists]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, connection: Connection, marketplace: Marketplace, as_of: datetime) -> Surroundings:
        """The surroundings of a marketplace."""
        held = self._held.get(marketplace.marketplace_id)
        if held is None or time.monotonic() - held[0] > _SURROUNDINGS_LAST_SECONDS:
            enrolled = brands.enrolments(connection, marketplace.marketplace_id)
            found = Surroundings(
                references.load(connection, marketplace, as_of, self._price_lists(connection, marketplace, as_of)),
                frozenset(brand_id for brand_id, one in enrolled.items() if one.takes_part),
                {
                    brand_id: one.daily_questions
                    for brand_id, one in enrolled.items()
                    if one.daily_questions is not None
                },
                breakers.of(connection, marketplace.marketplace_id).opened_at is not None,
            )
            with self._lock:
                held = self._held[marketplace.marketplace_id] = (time.monotonic(), found)
        return held[1]

    def _price_lists(self, connection: Connection, marketplace: Marketplace, as_of: datetime) -> PriceLists:
        here = marketplace.marketplace_id
        stamp = price_lists.last_changed(connection, here), as_of.date()
        held = self._lists.get(here)
        if held is None or held[0] != stamp:
            held = self._lists[here] = (stamp, price_lists.load(connection, here, as_of))
        return held[1]

    def forget(self) -> None:
        """Read them anew at the next use."""
        with self._lock:
            self._held.clear()


@dataclass(frozen=True, slots=True)
class OnTrial:
    """A model on trial, loaded."""

    trial: Trial
    bundle: Bundle


@dataclass(slots=True)
class Trials:
    """The model on trial of each marketplace in memory, followed from the database."""

    _held: dict[str, OnTrial] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, marketplace_id: str) -> OnTrial | None:
        """The model on trial, if there is one."""
        return self._held.get(marketplace_id)

    def follow(self, found: Sequence[Trial], bundles: BundleStore) -> None:
        """Hold these trials and no others; a bundle that does not load is no trial, and intake goes on without it."""
        with self._lock:
            held: dict[str, OnTrial] = {}
            for one in found:
                before = self._held.get(one.marketplace_id)
                try:
                    same = before is not None and before.bundle.digest == one.digest
                    bundle = before.bundle if before and same else bundles.load(one.digest)
                except BundleRefused:
                    continue
                held[one.marketplace_id] = OnTrial(one, bundle)
            self._held = held


@dataclass(frozen=True, slots=True)
class Runtime:
    """One process's means. Tests make it with their own clock, randomness and home.

    `clock` is the marketplace's present, which a simulation may move; `wall` is that of browsers and of other
    companies' servers, for sessions and signatures.
    """

    settings: Settings
    home: Home
    store: Store
    clock: Clock
    wall: Clock
    ids: IdSource
    draw: Callable[[], float]
    jobs: Jobs
    bundles: BundleStore
    models: LiveModels
    trials: Trials
    surroundings: SurroundingsCache
    counts: LargeCounts
    pictures: Pictures
    policies: Policies
    contact_key: bytes
    sweeping: threading.Lock = field(default_factory=threading.Lock)

    def follow_champions(self) -> list[str]:
        """Serve the champions that the database names; returns the marketplaces that could not."""
        with self.store.read() as connection:
            champions = learning.champions(connection)
        return self.models.follow(champions)

    def follow_trials(self) -> None:
        """Try the models that the database names, beside the champions."""
        with self.store.read() as connection:
            found = trials.open_trials(connection)
        self.trials.follow(found, self.bundles)

    def real_delay_seconds(self, until: datetime) -> float | None:
        """Seconds after which a job may be enqueued to run; None where only the sweep can tell that it is due."""
        wait = until - self.clock.now()
        if self.clock.simulated or wait > timedelta(hours=1):
            return None
        return max(0.0, wait.total_seconds())

    def close(self) -> None:
        """Let go of the database."""
        self.pictures.close()
        self.jobs.close()
        self.store.close()


def open_runtime(
    settings: Settings,
    *,
    clock: Clock | None = None,
    draw: Callable[[], float] | None = None,
    migrated: bool = False,
) -> Runtime:
    """Everything for one process, on a database brought to this version's schema unless the caller has done so.

    The caller owns the home where SQLite is used. A home remembers its kind of clock, because times of two clocks
    in one database could not be compared.
    """
    home = Home.at(settings.home)
    url = settings.database_url or sqlite_url(home.database)
    if not migrated:
        migrate(url)
    store = Store(url)
    store.check()
    chosen = clock or _clock(settings, store)
    bundle_store = BundleStore(home.bundles)
    runtime = Runtime(
        settings=settings,
        home=home,
        store=store,
        clock=chosen,
        wall=SystemClock(),
        ids=IdSource(chosen),
        draw=draw or random.Random(secrets.randbits(128)).random,  # noqa: S311  # an audit sample, not a secret
        jobs=Jobs(store.writes),
        bundles=bundle_store,
        models=LiveModels(bundle_store),
        trials=Trials(),
        surroundings=SurroundingsCache(),
        counts=LargeCounts(),
        pictures=_pictures(settings),
        policies=_policies(settings),
        contact_key=_contact_key(settings, home),
    )
    runtime.follow_champions()
    runtime.follow_trials()
    return runtime


def _contact_key(settings: Settings, home: Home) -> bytes:
    if settings.contact_key is not None:
        return settings.contact_key.get_secret_value().encode()
    return home.secret(CONTACT_KEY)


def _policies(settings: Settings) -> Policies:
    """The policies as written, less what the operator has set."""
    found = Policies()
    if settings.undo_window_seconds is not None:
        enforcement = replace(found.enforcement, undo_window_seconds=settings.undo_window_seconds)
        found = replace(found, enforcement=enforcement)
    if settings.random_delay_minutes is not None:
        enforcement = replace(found.enforcement, random_delay_minutes=settings.random_delay_minutes)
        found = replace(found, enforcement=enforcement)
    if settings.hidden_score_share is not None:
        found = replace(found, hidden_score=HiddenScorePolicy(settings.hidden_score_share))
    if settings.approvals_needed is not None:
        promotion = replace(found.promotion, approvals_needed=settings.approvals_needed)
        found = replace(found, promotion=promotion)
    retention = kept_for(found.retention, settings.retention_days)
    return replace(found, counter_notice=PROFILES[settings.counter_notices], retention=retention)


def _pictures(settings: Settings) -> Pictures:
    """Where pictures are loaded from.

    Raises
    ------
    Invalid
        A host is none, or production was asked for with pictures of this machine.
    """
    found = Pictures(hosts_of(settings.picture_hosts))
    if settings.production and found.of_this_machine:
        raise Invalid("Production mode loads no pictures from the machine itself.")
    return found


def _clock(settings: Settings, store: Store) -> Clock:
    """The home's clock; a new home takes the one that was asked for.

    Raises
    ------
    Invalid
        The home's times are of the other clock, or production was asked for with a simulated one.
    """
    wanted = settings.clock
    with store.write() as connection:
        offset = clocks.offset(connection)
        in_use = accounts.anybody(connection) or bool(marketplaces.everyone(connection))
        if offset is None and wanted is ClockKind.SIMULATED:
            if in_use:
                raise Invalid("This home runs on the real clock; its times cannot be mixed with simulated ones.")
            start = settings.clock_start
            offset = start - SystemClock().now() if start is not None else timedelta(0)
            clocks.set_offset(connection, offset)
    if offset is None:
        return SystemClock()
    if wanted is ClockKind.SYSTEM:
        raise Invalid("This home runs on a simulated clock; its times cannot be mixed with real ones.")
    if settings.production:
        raise Invalid("Production mode refuses a simulated clock.")
    return SimulatedClock(offset)
