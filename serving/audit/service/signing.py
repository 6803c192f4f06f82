"""Signing the audit log's state outside the database, so that a rewritten log is detected."""

from datetime import datetime, timedelta
from typing import IO, Any, Final

from models.errors import Conflict, Invalid
from serving.audit.rules.chain import GENESIS, SIGNING_BEGAN, SIGNING_RENEWED, Head, next_head
from serving.audit.service.heads_file import Heads, append, last_line, opened, private_key, public_key, read_head
from serving.audit.store import audit, signers
from serving.audit.store.signers import Signer
from serving.platform.log import log
from serving.platform.runtime import Runtime

# Database access allows rewriting entries of the last five minutes, but no older ones.
PACE: Final = timedelta(minutes=5)
_ACTOR: Final = "service"
# A problem lasts until a person has acted, and the sweep runs every second: each is logged once a process.
_LOGGED: Final[set[tuple[str, str]]] = set()


def sign_head(runtime: Runtime) -> int:
    """Sign the log's state, if it has grown and five minutes have passed; returns how many heads were written.

    The data directory in which the first marketplace was created begins, and no other: its first head records in the
    log itself who signs. Where anything of what was signed is missing
    or does not fit, nothing more is signed, because another head would hide it: `touchstone audit verify` says what.
    """
    now, home = runtime.clock.now(), runtime.home
    with opened(home) as stream:
        last = last_head(runtime)
        if last is not None and now - last.signed_at < PACE:
            return 0
        with runtime.store.read() as connection:
            if audit.head(connection)[0] == 0:
                return 0
        signer = _signer(runtime, now)
        heads = Heads(stream, home)
        for _ in heads:
            pass
        problem = heads.problem or problem_of(signer, heads.last)
        if signer is None or problem is not None:
            _log_once(runtime, problem or "not_accepted")
            return 0
        return _sign(runtime, stream, heads.last, now)


def _sign(runtime: Runtime, stream: IO[bytes], last: Head | None, now: datetime) -> int:
    with runtime.store.read() as connection:
        found = audit.hashes_after(connection, last.sequence if last else 0)
    if not found:
        return 0
    follows = [last.entry_hash if last else GENESIS, *(own for _, own in found[:-1])]
    if [previous for previous, _ in found] != follows:
        log.error("audit.broken_since_head", sequence=last.sequence if last else 0)
        return 0
    head = next_head(last, [own for _, own in found], now)
    append(runtime.home, stream, head)
    with runtime.store.write() as connection:
        signers.signed(connection, Signer(public_key(runtime.home), head.sequence, head.entry_hash, now))
    return 1


def _signer(runtime: Runtime, now: datetime) -> Signer | None:
    """The record of this data directory; made where it is to sign and nobody has, None where another one signs."""
    own = public_key(runtime.home)
    with runtime.store.read() as connection:
        found = signers.everybody(connection)
        # The record may have been deleted: what the log says counts.
        began = bool(found) or bool(audit.entries_of(connection, SIGNING_BEGAN, SIGNING_RENEWED))
        is_founder = audit.founder(connection) == own
    if began or not is_founder:
        return next((one for one in found if one.public_key == own), None)
    made = Signer(own, 0, GENESIS, now)
    with runtime.store.write() as connection:
        audit.record(connection, now, "", _ACTOR, SIGNING_BEGAN, own[:16], public_key=own)
        signers.add_signer(connection, made)
    return made


def problem_of(signer: Signer | None, last: Head | None) -> str | None:
    """What is missing of the heads that the database says were signed; None where nothing is."""
    if signer is None or signer.sequence == 0:
        return None
    if last is None:
        return f"the signed heads are missing: the log was signed up to entry {signer.sequence:,}"
    if last.sequence < signer.sequence:
        return (
            f"the signed heads end at entry {last.sequence:,}, and the log was signed up to entry {signer.sequence:,}"
        )
    return None


def renew(runtime: Runtime, *, reason: str, by: str) -> dict[str, Any]:
    """Start new signed heads in this data directory, after its key or its heads were lost, or in a second directory.

    The log records it with the reason and what was signed before. The file of heads is kept under another name.

    Raises Invalid (no reason is given) or Conflict (nothing is wrong with what was signed, or this data directory is
    about to sign first).
    """
    if not reason.strip():
        raise Invalid("Give a reason.")
    now, own = runtime.clock.now(), public_key(runtime.home)
    with opened(runtime.home) as stream:
        heads = Heads(stream, runtime.home)
        for _ in heads:
            pass
        with runtime.store.read() as connection:
            found = signers.everybody(connection)
            is_founder = audit.founder(connection) == own
        mine = next((one for one in found if one.public_key == own), None)
        is_whole = mine is not None and heads.problem is None and problem_of(mine, heads.last) is None
        if is_whole or (is_founder and not found):
            raise Conflict("The signed heads of this data directory are whole. There is no reason to start new ones.")
        kept = _keep_aside(runtime, stream, now)
        before = max(found, key=lambda one: one.sequence, default=Signer("", 0, GENESIS, now))
        with runtime.store.write() as connection:
            audit.record(
                connection,
                now,
                "",
                by,
                SIGNING_RENEWED,
                own[:16],
                public_key=own,
                reason=reason.strip()[:500],
                before={"public_key": before.public_key, "sequence": before.sequence, "entry_hash": before.entry_hash},
            )
            signers.forget(connection, own)
            signers.add_signer(connection, Signer(own, 0, GENESIS, now))
        _sign(runtime, stream, None, now)
    return {"public_key": own, "kept": kept}


def _keep_aside(runtime: Runtime, stream: IO[bytes], now: datetime) -> str | None:
    stream.seek(0)
    content = stream.read()
    if not content:
        return None
    path = runtime.home.root / f"audit-heads-until-{now:%Y%m%dT%H%M%S}.ndjson"
    path.touch(0o600, exist_ok=False)
    path.write_bytes(content)
    stream.truncate(0)
    return path.name


def last_head(runtime: Runtime) -> Head | None:
    """The newest signed head with a valid signature; None before the first, and where the signature is not ours.

    Earlier heads are not read: `touchstone audit verify` checks those.
    """
    line = last_line(runtime.home.audit_heads)
    return None if line is None else read_head(line, private_key(runtime.home).public_key())


def _log_once(runtime: Runtime, problem: str) -> None:
    key = (str(runtime.home.root), problem)
    if key not in _LOGGED:
        _LOGGED.add(key)
        log.error("audit.not_signed", problem=problem)
