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


def health_rows(found: Health, wall: datetime) -> tuple[HealthRow, ...]:
    """The health of every part; `wall` is the time of this machine."""
    rows = (
        _database(found),
        _disk(found),
        _model(found),
        _clock(found),
        _receiver(found),
        _jobs(found, wall),
        _log(found),
    )
    return tuple(sorted(rows, key=lambda row: -TONES[row.tone]))


def _database(found: Health) -> HealthRow:
    return HealthRow("Database", "good", "connected", f"{found.engine}, {_size(found.database_bytes)}.")


def _disk(found: Health) -> HealthRow:
    share = found.free_bytes / found.disk_bytes
    sentence = f"{_size(found.free_bytes)} of {_size(found.disk_bytes)} free on the disk of the data directory."
    if share < _LITTLE_ROOM:
        return HealthRow("Disk", "bad", "nearly full", f"{sentence} Free disk space, or intake stops.")
    return HealthRow("Disk", "good", "enough space", sentence)


def _model(found: Health) -> HealthRow:
    if found.champion is None:
        return HealthRow(
            "Model", "good", "scorecard", "No model is promoted yet. The starter scorecard scores listings."
        )
    short = found.champion[:10]
    if found.missing is not None:
        return HealthRow("Model", "bad", "missing", found.missing)
    if found.loaded != found.champion:
        return HealthRow("Model", "bad", "not loaded", f"{short} is the champion; this process is about to load it.")
    if found.lacking:
        others = " ".join(f"{process} has not loaded {why}" for process, why in sorted(found.lacking.items()))
        sentence = f"Champion {short} scores listings here. {others} It takes no listings until it has the bundle."
        return HealthRow("Model", "bad", "missing elsewhere", sentence)
    if found.by_lightgbm:
        sentence = f"Champion {short} scores listings through LightGBM: the faster computation gave another value."
        return HealthRow("Model", "warn", "slower", f"{sentence} Scores are right and take longer.")
    return HealthRow("Model", "good", "loaded", f"Champion {short} scores listings.")


def _clock(found: Health) -> HealthRow:
    if found.simulated:
        return HealthRow(
            "Clock", "warn", "simulated", "This data directory has a simulated clock, for demos and tests."
        )
    if found.skew is not None and abs(found.skew) > _SKEW:
        ahead = "ahead of" if found.skew > timedelta(0) else "behind"
        sentence = f"The database is {words.duration(abs(found.skew).total_seconds())} {ahead} this machine."
        return HealthRow(
            "Clock", "bad", "skewed", f"{sentence} Deadlines and signatures depend on it: synchronise both clocks."
        )
    return HealthRow("Clock", "good", "in sync", "Time of this machine.")


def _receiver(found: Health) -> HealthRow:
    one = found.receiver
    if one is None:
        return HealthRow(
            "Webhook", "bad", "none", "No endpoint is registered, so removals are not sent. Register one under Webhook."
        )
    if one.verified_at is None:
        sentence = "The endpoint has not answered a signed test message yet, so removals wait."
        return HealthRow("Webhook", "bad", "not tested", sentence)
    if one.failing_since is None and one.paused_until is not None:
        until = words.moment(one.paused_until, found.now)
        return HealthRow("Webhook", "warn", "paused", f"Deliveries are paused until {until}; due messages stay queued.")
    if one.failing_since is None and not found.acknowledged:
        return HealthRow("Webhook", "warn", "not used yet", "No message has been acknowledged by the endpoint yet.")
    if one.failing_since is None:
        return HealthRow("Webhook", "good", "healthy", "The marketplace's endpoint responds.")
    number = f"{one.failures:,} {'delivery' if one.failures == 1 else 'deliveries in a row'} failed"
    sentence = f"{number} since {words.moment(one.failing_since, found.now)}."
    if one.paused_until is not None:
        sentence += f" Deliveries are paused; the next attempt is at {words.moment(one.paused_until, found.now)}."
    return HealthRow("Webhook", "bad", "failing", sentence)


def _jobs(found: Health, wall: datetime) -> HealthRow:
    if not found.processes:
        return HealthRow("Jobs", "bad", "none yet", "No worker has reported yet, so nothing is sent. Start a worker.")
    alive = [process for process in found.processes if wall - process.seen_at <= MISSED]
    if not alive:
        return HealthRow(
            "Jobs", "bad", "stopped", "No worker has run in two minutes, so nothing is sent. Start a worker."
        )
    last = max(one.seen_at for one in alive)
    number = f"{len(alive):,} {'process' if len(alive) == 1 else 'processes'}"
    return HealthRow(
        "Jobs", "good", "running", f"{number}, last run {words.duration((wall - last).total_seconds())} ago."
    )


def _log(found: Health) -> HealthRow:
    if found.entries == 0:
        return HealthRow("Audit log", "good", "empty", "No entries yet.")
    if found.head is None:
        return HealthRow("Audit log", "bad", "not signed", "No signed head is readable. Run `touchstone audit verify`.")
    behind = found.entries - found.head.sequence
    signed = f"signed up to {found.head.sequence:,} at {words.moment(found.head.signed_at, found.now)}"
    if behind and found.now - found.head.signed_at > _SIGNED_LATELY:
        sentence = f"{found.entries:,} entries, {signed}; {behind:,} later entries are not signed."
        return HealthRow("Audit log", "bad", "not signed", f"{sentence} Run `touchstone audit verify`.")
    return HealthRow("Audit log", "good", "signed", f"{found.entries:,} entries, {signed}.")


def _size(number: int) -> str:
    """A number of bytes in MB or GB.

    >>> _size(13_631_488), _size(71_234_000_000)
    ('14 MB', '71.2 GB')
    """
    return f"{number / _GIGABYTE:,.1f} GB" if number >= _GIGABYTE else f"{number / 1_000_000:,.0f} MB"
