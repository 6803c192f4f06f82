"""The audit log verified against itself, against what was signed, and against the rows that it speaks of."""

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Connection

from models.messages.english import in_english
from serving.audit.rules.audited_rows import COMPARE, Difference, Kind
from serving.audit.rules.chain import RESTORED, SIGNING_BEGAN, SIGNING_RENEWED, UNREADABLE
from serving.audit.service.signing import PACE, Heads, problem_of, releasable_heads_file
from serving.audit.store import audit, audited_rows, signers
from serving.audit.store.audit import DisplayedEntry
from serving.audit.store.signers import Signer
from serving.operations.store import workers
from serving.platform.progress import Progress, Report, ignore_progress
from serving.platform.runtime import Runtime

# A head is due every five minutes; a slow sweep or a long transaction may delay one.
_LATE: Final = 3 * PACE
_EACH: Final = 2_000
_SHOWN: Final = 20


def verify(runtime: Runtime, report: Report = ignore_progress) -> dict[str, Any]:
    """The numbers of entries, heads and compared rows, and everything that does not fit.

    Entries, heads and rows are read once each, in chunks. `broken` is the first entry that was changed,
    `heads_problem` what is wrong with the signed heads, and `differing` the first rows that are not what the log says
    of them, of `differing_count`.
    """
    with runtime.store.read() as connection, releasable_heads_file(runtime.home) as (stream, release):
        last = audit.head(connection)  # The first read fixes the view of the database.
        heads = Heads(stream, runtime.home)
        release()
        return examine(connection, last, heads, report, simulated=runtime.clock.simulated)


def examine(
    connection: Connection, last: tuple[int, str], heads: Heads, report: Report = ignore_progress, *, simulated: bool
) -> dict[str, Any]:
    """What `verify` returns, of the log up to `last` in this view of a database, with the heads of its directory."""

    def read(sequence: int) -> None:
        if sequence % _EACH == 0 or sequence == last[0]:
            report(Progress("Entries", sequence, last[0]))

    broken = audit.check_entries(connection, heads, last, read)
    for _ in heads if broken is not None else ():
        pass  # The chain is broken before its end, and the later heads are still to be read.
    erased = audit.erased_count(connection)
    problem = heads.problem
    renewed: list[DisplayedEntry] = []
    restored: list[DisplayedEntry] = []
    compared: dict[str, int] = {}
    number, differing = 0, list[Difference]()
    if broken is None or broken.problem.code != UNREADABLE:  # What cannot be read cannot be compared.
        problem = _heads_problem(connection, heads, simulated=simulated)
        renewed, restored = (audit.entries_of(connection, act) for act in (SIGNING_RENEWED, RESTORED))
        compared, number, differing = _compare_rows(connection, report)
    return {
        "entries": last[0],
        "erased": erased,
        "broken": None if broken is None else {"sequence": broken.sequence, "problem": in_english(broken.problem)},
        "heads": heads.number,
        "last_head": None
        if heads.last is None
        else {"sequence": heads.last.sequence, "signed_at": heads.last.signed_at.isoformat()},
        "heads_problem": problem,
        "key": heads.public_key,
        "renewed": [_entry_as_dict(renewal) for renewal in renewed],
        "restored": [_entry_as_dict(restoration) for restoration in restored],
        "compared": compared,
        "differing_count": number,
        "differing": [_difference_as_dict(difference) for difference in differing],
    }


def is_whole(examination: dict[str, Any]) -> bool:
    return examination["broken"] is None and examination["heads_problem"] is None and not examination["differing_count"]


def _compare_rows(connection: Connection, report: Report) -> tuple[dict[str, int], int, list[Difference]]:
    compared: dict[str, int] = {}
    number = 0
    shown: list[Difference] = []
    for kind in Kind:
        total, done = audited_rows.row_count(connection, kind), 0
        for chunk in audited_rows.rows_with_entries(connection, kind):
            differences = [difference for row, steps in chunk if (difference := COMPARE[kind](row, steps)) is not None]
            number += len(differences)
            shown += differences[: max(0, _SHOWN - len(shown))]
            done += len(chunk)
            report(Progress(f"Rows of {kind.value}", done, total))
        gone, first = audited_rows.entries_without_row(connection, kind, _SHOWN)
        number += gone
        shown += first[: max(0, _SHOWN - len(shown))]
        compared[kind.value] = done
    return compared, number, shown


def _heads_problem(connection: Connection, heads: Heads, *, simulated: bool) -> str | None:
    """What is wrong with the signed heads, or missing of them by what the log and the database record."""
    began = audit.entries_of(connection, SIGNING_BEGAN, SIGNING_RENEWED)
    recorded = {signer.public_key: signer for signer in signers.all_signers(connection)}
    if not began:
        unknown = "heads are signed, and the log does not record who signs"
        return heads.problem or (unknown if recorded or heads.number else None)
    own, keys = heads.public_key, {signing.payload.get("public_key") for signing in began}
    if set(recorded) != keys:
        return "the database does not record the same signing keys as the log"
    if own not in keys:
        return (
            f"the key of this data directory ({own[:16]}) is not one of those that sign the log "
            f"({', '.join(sorted(key[:16] for key in recorded))})"
        )
    mine = recorded[own]
    return (
        heads.problem or problem_of(mine, heads.last) or _lateness_problem(connection, heads, mine, simulated=simulated)
    )


def _lateness_problem(connection: Connection, heads: Heads, mine: Signer, *, simulated: bool) -> str | None:
    """Whether jobs have run for long without signing. After a jump of a simulated clock heads are late for a moment."""
    seen = max((worker.seen_at for worker in workers.all_processes(connection)), default=None)
    signed_upto, signed_at = (heads.last.sequence, heads.last.signed_at) if heads.last else (0, mine.signed_at)
    unsigned = audit.time_of_next_entry(connection, signed_upto)
    if seen is None or unsigned is None or simulated:
        return None
    late: timedelta = seen - max(signed_at, unsigned)
    if late <= _LATE:
        return None
    return (
        f"the signed heads end at entry {signed_upto:,}, and the service has run for "
        f"{late.total_seconds() / 60:,.0f} minutes without signing the later ones"
    )


def _entry_as_dict(log_entry: DisplayedEntry) -> dict[str, Any]:
    return {"sequence": log_entry.sequence, "at": log_entry.at.isoformat(), "by": log_entry.actor, **log_entry.payload}


def _difference_as_dict(difference: Difference) -> dict[str, Any]:
    return {
        "kind": difference.kind.value,
        "id": difference.row_id,
        "sequence": difference.sequence,
        "problem": in_english(difference.problem),
    }
