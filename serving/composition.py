"""The composition root: makes and connects the parts of a process."""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from models.errors import Invalid
from models.learners import LEARNERS
from models.policies.deciding import DEFAULT_ENFORCEMENT, DEFAULT_ROUTING, DEFAULT_SCORECARD, EnforcementPolicy
from models.policies.learning import DEFAULT_LABELS, DEFAULT_SECOND_REVIEW
from models.policies.sellers import DEFAULT_SANCTIONS, DEFAULT_SELLER_LISTS, DEFAULT_STRIKES
from serving.accounts.policy import DEFAULTS as ACCOUNT_DEFAULTS
from serving.accounts.store import accounts
from serving.appeals.policy import DEFAULT_APPEALS, DEFAULT_COUNTER_NOTICE, DEFAULT_SELLER_EVIDENCE, PROFILES
from serving.brands.policy import (
    DEFAULT_ALIASES,
    DEFAULT_ATTENTION,
    DEFAULT_AUTHORISATION,
    DEFAULT_ENROLMENT,
    DEFAULT_RIGHTS,
)
from serving.cases.policy import (
    DEFAULT_ASSIGNMENT,
    DEFAULT_BULK_VERDICTS,
    DEFAULT_DEFERRAL,
    DEFAULT_MASKED_SCORE,
    MaskedScorePolicy,
)
from serving.cases.service.case_hooks import CaseHooks
from serving.learning.policy import (
    DEFAULT_DRIFT_ALARM,
    DEFAULT_LABEL_SOURCE,
    DEFAULT_PROMOTION,
    DEFAULT_RETRAINING,
    DEFAULT_ROLLBACK,
    PromotionPolicy,
)
from serving.learning.service.champions import follow_champions
from serving.learning.service.publish import SnapshotFiles
from serving.listings.policy import DEFAULT_RELIST
from serving.mail.client import mail_server
from serving.mail.policy import DEFAULT_MAIL
from serving.mail.service.kept import KeptMails
from serving.mail.service.seller_wording import StatementWords
from serving.marketplaces.store import marketplaces
from serving.migrations.migrate import migrate
from serving.notices.policy import DEFAULT_NOTICES
from serving.notices.store import notices
from serving.operations.service.simulation import Visits
from serving.platform.artifacts.client import bucket_of
from serving.platform.artifacts.service import DatabaseFiles, SharedFiles
from serving.platform.clock import Clock, SimulatedClock, SystemClock
from serving.platform.database import clocks
from serving.platform.database.common_secrets import CommonSecret, SecretDiffers, compare_secrets
from serving.platform.database.engine import is_sqlite, sqlite_url
from serving.platform.database.store import Store
from serving.platform.home import Home
from serving.platform.ids import IdSource
from serving.platform.jobs import Jobs
from serving.platform.large_counts import LargeCounts
from serving.platform.outbound.pictures import Pictures, hosts_of
from serving.platform.runtime import ByClass, Runtime
from serving.platform.sealing import SEALING_KEY, KeyFile, Keys, KeySetting, Sealer
from serving.platform.settings import ClockKind, Settings
from serving.privacy.policy import DEFAULT_RETENTION, RetentionPolicy
from serving.privacy.rules.erasure import with_periods
from serving.reports.policy import DEFAULT_CAMPAIGNS, DEFAULT_REPORTS
from serving.reports.store import report_documents
from serving.scoring.policy import DEFAULT_BREAKER, DEFAULT_SECOND_STAGE
from serving.scoring.service.bundles import BundleStore, LiveModels
from serving.scoring.service.scoring import ReferenceContextCache, Trials, follow_trials
from serving.sellers.policy import DEFAULT_SELLER_RISK
from serving.sellers.service import strike_recording
from serving.standing.policy import DEFAULT_REMINDERS, DEFAULT_STANDING
from serving.standing.service import Recounts
from serving.takedowns.policy import (
    DEFAULT_BUDGETS,
    DEFAULT_BURSTS,
    DEFAULT_REMOVAL_CHECK,
    DEFAULT_STEP_UP,
    DEFAULT_TELLING,
)
from serving.takedowns.service.budgets import UsualDays
from serving.takedowns.service.removal_hooks import EvidenceHooks, RemovalHooks
from serving.web.wording.seller_words import statement_rows
from serving.webhooks.policy import DEFAULT_DELIVERY
from training.fit.encoders import EncoderRefused, encoder_named

CONTACT_KEY: Final = "contact.key"
WEBHOOK_KEY: Final = "webhook.key"


def default_policies() -> ByClass:
    """The default policies, before an operator's settings."""
    return ByClass(
        DEFAULT_ROUTING,
        DEFAULT_SCORECARD,
        DEFAULT_ENFORCEMENT,
        DEFAULT_STANDING,
        DEFAULT_RIGHTS,
        DEFAULT_REMINDERS,
        DEFAULT_APPEALS,
        DEFAULT_NOTICES,
        DEFAULT_COUNTER_NOTICE,
        DEFAULT_ASSIGNMENT,
        DEFAULT_ATTENTION,
        DEFAULT_ENROLMENT,
        DEFAULT_ALIASES,
        DEFAULT_AUTHORISATION,
        DEFAULT_BULK_VERDICTS,
        DEFAULT_REPORTS,
        DEFAULT_CAMPAIGNS,
        DEFAULT_BURSTS,
        DEFAULT_BUDGETS,
        DEFAULT_STEP_UP,
        DEFAULT_TELLING,
        DEFAULT_MASKED_SCORE,
        *ACCOUNT_DEFAULTS,
        DEFAULT_LABELS,
        DEFAULT_SECOND_REVIEW,
        DEFAULT_PROMOTION,
        DEFAULT_ROLLBACK,
        DEFAULT_RETRAINING,
        DEFAULT_LABEL_SOURCE,
        DEFAULT_DRIFT_ALARM,
        DEFAULT_BREAKER,
        DEFAULT_SECOND_STAGE,
        DEFAULT_DELIVERY,
        DEFAULT_MAIL,
        DEFAULT_REMOVAL_CHECK,
        DEFAULT_RELIST,
        DEFAULT_SELLER_RISK,
        DEFAULT_SELLER_EVIDENCE,
        DEFAULT_STRIKES,
        DEFAULT_SANCTIONS,
        DEFAULT_SELLER_LISTS,
        DEFAULT_RETENTION,
        DEFAULT_DEFERRAL,
    )


def open_runtime(
    settings: Settings,
    *,
    clock: Clock | None = None,
    draw: Callable[[], float] | None = None,
    migrated: bool = False,
    restoring: bool = False,
    comparing: bool = True,
) -> Runtime:
    """Everything for one process, on a database migrated to this version's schema unless the caller has done so.

    The caller owns the data directory where SQLite is used. The database remembers its kind of clock, because times of
    two clocks in one database could not be compared. `comparing` the secrets with those of other processes is left out
    by the command that accepts others.

    Raises SecretDiffers (the processes of this database work with another secret).
    """
    mail_server(settings, "localhost")  # Refuses what is set amiss.
    _refuse_without_model_parts(settings)
    home = Home.at(settings.home)
    if not restoring:
        home.refuse_unfinished()
    url = settings.database_url or sqlite_url(home.database)
    if not migrated:
        migrate(url)
    store = Store(url)
    store.check()
    if comparing and not restoring and not is_sqlite(url):
        try:
            compare_secrets(store, common_secrets(settings, home), SystemClock().now())
        except SecretDiffers:
            store.close()
            raise
    chosen = clock or _clock(settings, store)
    shared: SharedFiles | None = bucket_of(settings)
    if shared is None and not is_sqlite(url):
        shared = DatabaseFiles(store, SystemClock())
    bundles = BundleStore(home.bundles, shared)
    runtime = Runtime(
        settings=settings,
        home=home,
        store=store,
        clock=chosen,
        wall=SystemClock(),
        ids=IdSource(chosen, _chance(settings, chosen, "ids").getrandbits),
        draw=draw or _chance(settings, chosen, "draws").random,
        jobs=Jobs(store.writes),
        counts=LargeCounts(),
        pictures=_pictures(settings),
        contact_key=_contact_key(settings, home),
        policies=_policies(settings),
        services=ByClass(
            bundles,
            LiveModels(bundles),
            SnapshotFiles(home.snapshots, shared),
            Trials(),
            Visits(chosen.simulated),
            ReferenceContextCache(),
            Recounts(),
            UsualDays(),
            KeptMails(),
            StatementWords(statement_rows),
            CaseHooks(replaced=notices.move_to_case),
            EvidenceHooks(documents_of=report_documents.digests_of_case),
            Sealer(_webhook_key_source(settings, home)),
            RemovalHooks(counted=strike_recording.record_strike, voided=strike_recording.void_strike),
        ),
    )
    follow_champions(runtime)
    follow_trials(runtime)
    return runtime


def _refuse_without_model_parts(settings: Settings) -> None:
    if settings.learner not in LEARNERS:
        raise Invalid(
            "TOUCHSTONE_LEARNER names {name}, and there is no such learner. The known ones are {known}.",
            name=settings.learner,
            known=", ".join(LEARNERS),
        )
    try:
        if settings.encoder:
            encoder_named(settings.encoder)
    except EncoderRefused as refused:
        raise Invalid(str(refused)) from None


def common_secrets(settings: Settings, home: Home) -> tuple[CommonSecret, ...]:
    """The secrets that all processes of a database must share."""
    keys = _webhook_key_source(settings, home).read()
    return (
        CommonSecret("contact key", "TOUCHSTONE_CONTACT_KEY", CONTACT_KEY, (_contact_key(settings, home),)),
        CommonSecret(SEALING_KEY, "TOUCHSTONE_WEBHOOK_KEYS", WEBHOOK_KEY, keys),
    )


def _contact_key(settings: Settings, home: Home) -> bytes:
    if settings.contact_key is not None:
        return settings.contact_key.get_secret_value().encode()
    return home.secret(CONTACT_KEY)


def _webhook_key_source(settings: Settings, home: Home) -> Keys:
    if settings.webhook_keys is not None:
        return KeySetting("TOUCHSTONE_WEBHOOK_KEYS", settings.webhook_keys.get_secret_value())
    return KeyFile(home, WEBHOOK_KEY)


def _policies(settings: Settings) -> ByClass:
    """The default policies with the operator's settings applied."""
    written = default_policies()
    enforcement = written[EnforcementPolicy]
    if settings.undo_window_seconds is not None:
        enforcement = replace(enforcement, undo_window_seconds=settings.undo_window_seconds)
    if settings.random_delay_minutes is not None:
        enforcement = replace(enforcement, random_delay_minutes=settings.random_delay_minutes)
    masked_score = written[MaskedScorePolicy]
    if settings.masked_score_share is not None:
        masked_score = MaskedScorePolicy(settings.masked_score_share)
    promotion = written[PromotionPolicy]
    if settings.approvals_needed is not None:
        promotion = replace(promotion, approvals_needed=settings.approvals_needed)
    retention = with_periods(written[RetentionPolicy], settings.retention_days)
    return written.changed(
        enforcement, masked_score, promotion, retention, PROFILES.get(settings.counter_notices, DEFAULT_COUNTER_NOTICE)
    )


def _pictures(settings: Settings) -> Pictures:
    """The loader of pictures.

    Raises Invalid (a host is not valid, or production mode is combined with pictures from this machine).
    """
    pictures = Pictures(hosts_of(settings.picture_hosts))
    if settings.production and pictures.of_this_machine:
        raise Invalid("Production mode loads no pictures from the machine itself.")
    return pictures


def _chance(settings: Settings, clock: Clock, stream: str) -> random.Random:
    """The source of ids or draws: secret, or made from the seed of a simulation.

    Raises Invalid (there is a seed, and the clock is the real one: ids and the audit sample could be foretold).
    """
    if settings.seed is None:
        return random.SystemRandom()
    if not clock.simulated:
        raise Invalid("TOUCHSTONE_SEED needs a simulated clock: on the real one, ids and draws could be foretold.")
    return random.Random(f"{stream} {settings.seed}")  # noqa: S311  # a simulation has no secrets


def _clock(settings: Settings, store: Store) -> Clock:
    """The clock of the data directory; a new one takes the requested clock, and one with a seed stands still.

    Raises Invalid (the stored times are of the other clock, or production mode is combined with a simulated clock).
    """
    clock_kind, begins = settings.clock, None
    with store.write() as connection:
        offset = clocks.offset(connection)
        in_use = accounts.has_any_account(connection) or bool(marketplaces.all_marketplaces(connection))
        if offset is None and clock_kind is ClockKind.SIMULATED:
            if in_use:
                raise Invalid("This home runs on the real clock; its times cannot be mixed with simulated ones.")
            begins = settings.clock_start or SystemClock().now()
            offset = begins - SystemClock().now()
            clocks.set_offset(connection, offset)
    if offset is None:
        return SystemClock()
    if clock_kind is ClockKind.SYSTEM:
        raise Invalid("This home runs on a simulated clock; its times cannot be mixed with real ones.")
    if settings.production:
        raise Invalid("Production mode refuses a simulated clock.")
    stands_at = None if settings.seed is None else begins or SystemClock().now() + offset
    return SimulatedClock(offset, stands_at=stands_at)
