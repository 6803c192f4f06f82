"""The process that runs the jobs: DBOS on our database, and the sweep that starts due work."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import partial
from itertools import cycle
from typing import Final

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer

from serving.appeals.service.counter_notices import apply_deadlines, open_counter_notices
from serving.appeals.service.deadline_mails import mail_due_counter_notices
from serving.audit.service.signing import sign_head
from serving.brands.service.reminding import mail_questions, remind
from serving.cases.service.deferring import assign_cases
from serving.cases.service.doubts import open_sampled_reviews
from serving.jobs import registered
from serving.jobs.rounds import DueWork, Rounds
from serving.learning.service.champions import fetch_newest_models, follow_champions
from serving.learning.service.monitoring import measure_weekly
from serving.learning.service.retraining import retrain_by_itself
from serving.learning.service.second_reviews import open_gold_items
from serving.listings.service.listing_files import delete_file_drafts, import_files
from serving.listings.service.second_scores import queue_second_scores
from serving.mail.service.kept import delete_erased
from serving.mail.service.sending import sweep_mails
from serving.notices.service.notice_mails import mail_decisions
from serving.notices.service.reporter_erasure import finish_reporter_erasures
from serving.operations.service.breaker import check_breakers
from serving.operations.service.housekeeping import (
    mail_due_cases,
    pass_on_unanswered,
    refresh_references,
    refresh_statistics,
)
from serving.operations.service.presence import Presence
from serving.platform import jobs
from serving.platform.database.engine import connect_arguments, is_sqlite, job_database_url, sqlite_driver
from serving.platform.database.faults import StorageFault
from serving.platform.database.locks import try_lock
from serving.platform.idempotency.service import delete_expired
from serving.platform.logs import log
from serving.platform.runtime import Runtime
from serving.privacy.service.erasure import finish_erasures
from serving.privacy.service.retention import erase_expired
from serving.reports.service import callbacks
from serving.reports.service.attaching import delete_drafts
from serving.reports.service.campaigns import watch_campaigns
from serving.reports.service.stepping_up import finish_reports
from serving.reports.service.waiting import decide_arrived_listings
from serving.scoring.service.scoring import follow_trials
from serving.sellers.service.sanctioning import sweep_sanctions
from serving.sellers.service.seller_risk import refresh_seller_risks
from serving.standing.service import sweep_standings
from serving.takedowns.service import removal_checks
from serving.takedowns.service.telling import mail_day
from serving.webhooks.service import delivery

_SWEEPS: Final[Mapping[str, Callable[[Runtime], int]]] = {
    "tables_counted": refresh_statistics,
    "questions_mailed": mail_questions,
    "reminders": remind,
    "files_imported": import_files,
    "reports_gone_on": decide_arrived_listings,
    "campaigns_watched": watch_campaigns,
    "reports_finished": finish_reports,
    "report_drafts": delete_drafts,
    "file_drafts": delete_file_drafts,
    "unanswered_questions": pass_on_unanswered,
    "offered_cases": assign_cases,
    "counter_notices_opened": open_counter_notices,
    "counter_notice_deadlines": apply_deadlines,
    "sanctions": sweep_sanctions,
    "references": refresh_references,
    "second_scores_queued": queue_second_scores,
    "drift_reports": measure_weekly,
    # After the drift reports, which it reads.
    "trainings_started": retrain_by_itself,
    "seller_risks": refresh_seller_risks,
    "standings": sweep_standings,
    "second_reviews": open_sampled_reviews,
    "gold_items": open_gold_items,
    "breakers_opened": check_breakers,
    "erasures": finish_erasures,
    "reporters_erased": finish_reporter_erasures,
    "past_retention": erase_expired,
    "repeatable_requests": delete_expired,
    "decisions_mailed": mail_decisions,
    "due_cases_mailed": mail_due_cases,
    "due_counter_notices_mailed": mail_due_counter_notices,
    "removals_told": mail_day,
    # Last, because the parts before it queue mails.
    "mails": sweep_mails,
    "kept_mails_deleted": delete_erased,
    "audit_heads": sign_head,
}
# Their result is files in the data directory of this process.
_OF_EACH_PROCESS: Final = frozenset({"audit_heads", "kept_mails_deleted"})
# Due after days, or for figures: nobody waits for it. A process that has nothing to do would spend half its time there.
UNHURRIED: Final = frozenset(
    {
        "tables_counted", "reminders", "campaigns_watched", "report_drafts", "file_drafts", "unanswered_questions",
        "counter_notice_deadlines", "drift_reports", "trainings_started", "seller_risks", "standings", "second_reviews",
        "gold_items", "erasures", "reporters_erased", "past_retention", "repeatable_requests",
        "due_cases_mailed", "due_counter_notices_mailed", "removals_told", "kept_mails_deleted",
    }
)  # fmt: skip
_EVERY: Final = 10
_IDLE_POLL_SECONDS: Final = 1.0  # Of queues whose jobs take seconds to hours.


def parts_left_out() -> Iterator[frozenset[str]]:
    """The parts that each sweep of a process leaves out: the first sweep and every tenth have all of them."""
    return cycle([frozenset(), *[UNHURRIED] * (_EVERY - 1)])


def sweep(runtime: Runtime, *, without: AbstractSet[str] = frozenset()) -> dict[str, int]:
    """Run all due work on the injected clock once, without some parts; returns the number of items by name.

    Sweeps of one process run one after another, so that a slow report is not made twice. Of two processes on one
    database, one runs a part and the other leaves it out.

    Raises ExceptionGroup (the errors of the parts that failed; the other parts ran).
    """
    counts, failed = {}, []
    with runtime.sweeping:
        for name, run in _SWEEPS.items():
            if name in without:
                continue
            try:
                counts[name] = run(runtime) if name in _OF_EACH_PROCESS else _run_alone(runtime, name, run)
            except Exception as error:
                error.add_note(f"In the sweep of {name}.")
                failed.append(error)
    if failed:
        raise ExceptionGroup("Parts of a sweep failed.", failed)
    return counts


def _run_alone(runtime: Runtime, name: str, run: Callable[[Runtime], int]) -> int:
    with try_lock(runtime.store, f"sweep:{name}") as alone:
        return run(runtime) if alone else 0


class Worker:
    """Runs jobs until stopped. A process with the same worker id resumes the pending jobs of a killed process."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._stop = threading.Event()
        deliveries = DueWork(
            "deliveries", runtime.settings.queue_poll_seconds, delivery.marketplaces_with_due, delivery.deliver_due
        )
        checks = DueWork("checks", _IDLE_POLL_SECONDS, removal_checks.marketplaces_due, removal_checks.check_due)
        messages = DueWork("callbacks", _IDLE_POLL_SECONDS, callbacks.marketplaces_due, callbacks.send_callbacks)
        # Each marketplace has rounds of its own, so that a slow server delays no other's, and checks no deliveries.
        self._rounds = [Rounds(runtime, work) for work in (deliveries, checks, messages)]
        self._threads = [
            threading.Thread(target=self._sweep_until_stopped, name="sweeper", daemon=True),
            # Its own thread, because a long sweep must not keep an old champion in force.
            threading.Thread(target=self._follow_until_stopped, name="models", daemon=True),
        ]

    def start(self) -> None:
        """Launch DBOS and the sweep."""
        settings, url = self._runtime.settings, self._runtime.store.url
        registered.bind(self._runtime)
        config: DBOSConfig = {
            "name": jobs.APPLICATION,
            "system_database_url": job_database_url(url),
            "application_version": registered.PROTOCOL,
            "executor_id": f"worker-{self._runtime.worker_id}",
            # The default serializer pickles.
            "serializer": DBOSPortableJSONSerializer(),
            "log_level": "WARNING",
            "run_migrations": False,
            # Nothing here is scheduled by DBOS; the sweep is the only schedule.
            "scheduler_polling_interval_sec": 60.0,
            "max_executor_threads": settings.job_threads + 4,
        }
        if is_sqlite(url):
            config["db_engine_kwargs"] = {"module": sqlite_driver()}
        else:
            config["db_engine_kwargs"] = {"connect_args": connect_arguments()}
        DBOS(config=config)
        # Only where there is an encoder; another process would end a job without having read a title.
        second_stage = [jobs.SECOND_STAGE] if settings.encoder else []
        DBOS.listen_queues([jobs.MAILS, jobs.TRAINING, *second_stage])
        DBOS.launch()
        # A job of these takes longer than the wait for it.
        for name, threads in ((jobs.MAILS, settings.job_threads), (jobs.SECOND_STAGE, 1), (jobs.TRAINING, 1)):
            seconds = max(_IDLE_POLL_SECONDS, settings.queue_poll_seconds)
            DBOS.register_queue(name, worker_concurrency=threads, polling_interval_sec=seconds)
        for thread in self._threads:
            thread.start()
        delivery.release_own_attempts(self._runtime)
        for rounds in self._rounds:
            rounds.start()
        log.info("worker.started", worker_id=self._runtime.worker_id, simulated_clock=self._runtime.clock.simulated)

    def stop(self) -> None:
        """Wait for running jobs, then stop. Jobs that have not started stay in the queue."""
        self._stop.set()
        for rounds in self._rounds:
            rounds.stop()
        for thread in self._threads:
            thread.join()
        DBOS.destroy(workflow_completion_timeout_sec=30)
        log.info("worker.stopped")

    def _sweep_until_stopped(self) -> None:
        presence = Presence(self._runtime)
        left_out = parts_left_out()
        while not self._stop.wait(self._runtime.settings.sweep_seconds):
            _run_logging_errors(partial(self._sweep_and_say, presence, next(left_out)))

    def _follow_until_stopped(self) -> None:
        while not self._stop.wait(self._runtime.settings.sweep_seconds):
            _run_logging_errors(lambda: follow_champions(self._runtime))
            _run_logging_errors(lambda: follow_trials(self._runtime))
            _run_logging_errors(lambda: fetch_newest_models(self._runtime))

    def _sweep_and_say(self, presence: Presence, without: AbstractSet[str]) -> None:
        before, counts = time.monotonic(), dict[str, int]()
        try:
            # With a seed, each move of the clock sweeps, and nothing between two moves.
            if self._runtime.settings.seed is None:
                counts = sweep(self._runtime, without=without)
        finally:
            presence.swept(counts, time.monotonic() - before)


def _run_logging_errors(work: Callable[[], object]) -> None:
    """Log an error of a sweep, so that it does not end the thread."""
    try:
        work()
    except* StorageFault as faults:
        log.warning("sweep.not_stored", codes=sorted({leave.code for leave in _leaf_faults(faults)}))
    except* Exception:
        log.exception("sweep.failed")


def _leaf_faults(group: BaseExceptionGroup[StorageFault]) -> Iterator[StorageFault]:
    for exception in group.exceptions:
        if isinstance(exception, BaseExceptionGroup):
            yield from _leaf_faults(exception)
        else:
            yield exception
