"""The health of the service's parts in words, problems first."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from serving.operations.service.health import Health
from serving.operations.service.presence import MISSED
from serving.web.wording import words

_GIGABYTE: Final = 1_000_000_000
_LITTLE_ROOM: Final = 0.1  # Share of the disk. If the database cannot grow, intake stops.
_SKEW: Final = timedelta(seconds=5)  # Beyond this, deadlines of two machines differ too much.
_SIGNED_LATELY: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class HealthRow:
    """A part of the service: `tone` is good, warn or bad."""

    name: str
    tone: str
    word: str
    sentence: str


TONES: Final = {"good": 0, "warn": 1, "bad": 2}


def health_rows(health: Health, wall: datetime) -> tuple[HealthRow, ...]:
    """The health of every part; `wall` is the time of this machine."""
    rows = (
        _database(health),
        _disk(health),
        _model(health),
        _clock(health),
        _receiver(health),
        _jobs(health, wall),
        _audit_log(health),
    )
    return tuple(sorted(rows, key=lambda row: -TONES[row.tone]))


def _database(health: Health) -> HealthRow:
    return HealthRow("Database", "good", "connected", f"{health.engine}, {_size_in_words(health.database_bytes)}.")


def _disk(health: Health) -> HealthRow:
    share = health.free_bytes / health.disk_bytes
    free, total = _size_in_words(health.free_bytes), _size_in_words(health.disk_bytes)
    sentence = f"{free} of {total} free on the disk of the data directory."
    if share < _LITTLE_ROOM:
        return HealthRow("Disk", "bad", "nearly full", f"{sentence} Free disk space, or intake stops.")
    return HealthRow("Disk", "good", "enough space", sentence)


def _model(health: Health) -> HealthRow:
    if health.champion is None:
        return HealthRow(
            "Model", "good", "scorecard", "No model is promoted yet. The starter scorecard scores listings."
        )
    short = health.champion[:10]
    if health.missing is not None:
        return HealthRow("Model", "bad", "missing", health.missing)
    if health.loaded != health.champion:
        return HealthRow("Model", "bad", "not loaded", f"{short} is the champion; this process is about to load it.")
    if health.lacking:
        others = " ".join(f"{process} has not loaded {why}" for process, why in sorted(health.lacking.items()))
        sentence = f"Champion {short} scores listings here. {others} It takes no listings until it has the bundle."
        return HealthRow("Model", "bad", "missing elsewhere", sentence)
    if health.by_lightgbm:
        sentence = f"Champion {short} scores listings through LightGBM: the faster computation gave another value."
        return HealthRow("Model", "warn", "slower", f"{sentence} Scores are right and take longer.")
    return HealthRow("Model", "good", "loaded", f"Champion {short} scores listings.")


def _clock(health: Health) -> HealthRow:
    if health.simulated:
        return HealthRow(
            "Clock", "warn", "simulated", "This data directory has a simulated clock, for demos and tests."
        )
    if health.skew is not None and abs(health.skew) > _SKEW:
        ahead = "ahead of" if health.skew > timedelta(0) else "behind"
        sentence = f"The database is {words.duration(abs(health.skew).total_seconds())} {ahead} this machine."
        return HealthRow(
            "Clock", "bad", "skewed", f"{sentence} Deadlines and signatures depend on it: synchronise both clocks."
        )
    return HealthRow("Clock", "good", "in sync", "Time of this machine.")


def _receiver(health: Health) -> HealthRow:
    receiver = health.receiver
    if receiver is None:
        return HealthRow(
            "Webhook", "bad", "none", "No endpoint is registered, so removals are not sent. Register one under Webhook."
        )
    if receiver.verified_at is None:
        sentence = "The endpoint has not answered a signed test message yet, so removals wait."
        return HealthRow("Webhook", "bad", "not tested", sentence)
    if receiver.failing_since is None and receiver.paused_until is not None:
        until = words.moment(receiver.paused_until, health.now)
        return HealthRow("Webhook", "warn", "paused", f"Deliveries are paused until {until}; due messages stay queued.")
    if receiver.failing_since is None and not health.acknowledged:
        return HealthRow("Webhook", "warn", "not used yet", "No message has been acknowledged by the endpoint yet.")
    if receiver.failing_since is None:
        return HealthRow("Webhook", "good", "healthy", "The marketplace's endpoint responds.")
    number = f"{receiver.failures:,} {'delivery' if receiver.failures == 1 else 'deliveries in a row'} failed"
    sentence = f"{number} since {words.moment(receiver.failing_since, health.now)}."
    if receiver.paused_until is not None:
        sentence += f" Deliveries are paused; the next attempt is at {words.moment(receiver.paused_until, health.now)}."
    return HealthRow("Webhook", "bad", "failing", sentence)


def _jobs(health: Health, wall: datetime) -> HealthRow:
    if not health.processes:
        return HealthRow("Jobs", "bad", "none yet", "No worker has reported yet, so nothing is sent. Start a worker.")
    alive = [process for process in health.processes if wall - process.seen_at <= MISSED]
    if not alive:
        return HealthRow(
            "Jobs", "bad", "stopped", "No worker has run in two minutes, so nothing is sent. Start a worker."
        )
    last = max(process.seen_at for process in alive)
    number = f"{len(alive):,} {'process' if len(alive) == 1 else 'processes'}"
    return HealthRow(
        "Jobs", "good", "running", f"{number}, last run {words.duration((wall - last).total_seconds())} ago."
    )


def _audit_log(health: Health) -> HealthRow:
    if health.entries == 0:
        return HealthRow("Audit log", "good", "empty", "No entries yet.")
    if health.head is None:
        return HealthRow("Audit log", "bad", "not signed", "No signed head is readable. Run `touchstone audit verify`.")
    behind = health.entries - health.head.sequence
    signed = f"signed up to {health.head.sequence:,} at {words.moment(health.head.signed_at, health.now)}"
    if behind and health.now - health.head.signed_at > _SIGNED_LATELY:
        sentence = f"{health.entries:,} entries, {signed}; {behind:,} later entries are not signed."
        return HealthRow("Audit log", "bad", "not signed", f"{sentence} Run `touchstone audit verify`.")
    return HealthRow("Audit log", "good", "signed", f"{health.entries:,} entries, {signed}.")


def _size_in_words(number: int) -> str:
    """A number of bytes in MB or GB.

    >>> _size_in_words(13_631_488), _size_in_words(71_234_000_000)
    ('14 MB', '71.2 GB')
    """
    return f"{number / _GIGABYTE:,.1f} GB" if number >= _GIGABYTE else f"{number / 1_000_000:,.0f} MB"
