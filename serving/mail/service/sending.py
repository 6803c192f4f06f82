"""One attempt to send one mail: two short transactions with the network between."""

from dataclasses import dataclass, replace
from datetime import timedelta
from email.message import EmailMessage
from typing import Final

from models.errors import Invalid, NotFound
from serving.mail.client import SendFailure, mail_server, send
from serving.mail.policy import MailPolicy
from serving.mail.rules.kinds import SUMMARIES, MailState, next_attempt, summary_waits_until
from serving.mail.rules.quiet_hours import DELAYED, send_at
from serving.mail.service.kept import write_mail_file
from serving.mail.service.queueing import domain_of, enqueue, enqueue_now
from serving.mail.service.rendering import message_of, sender_of
from serving.mail.store import choices, mails
from serving.mail.store.mails import StoredMail
from serving.platform.logs import log
from serving.platform.runtime import Runtime
from serving.platform.sealing import UnsealableSecret

# An attempt that takes longer has ended with its process; the sweep starts another. A server gets less time for each
# answer.
CUT_OFF_AFTER: Final = timedelta(minutes=5)
_MOST_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class _SendAttempt:
    mail: StoredMail
    address: str


def send_mail(runtime: Runtime, mail_id: str) -> str:
    """Attempt to send a mail; returns its result in one word. Safe to run again at any point.

    The recipient may get a mail twice, if the process or the connection ends between the transmission and the record
    of the server's answer. The Message-ID is the same.
    """
    try:
        started = _start_attempt(runtime, mail_id)
    except NotFound:
        return "erased"
    return started if isinstance(started, str) else _finish_attempt(runtime, started.mail, _attempt(runtime, started))


def _start_attempt(runtime: Runtime, mail_id: str) -> _SendAttempt | str:
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        mail = mails.get(connection, mail_id)
        if mail.state is not MailState.QUEUED or mail.due_at is None:
            return mail.state.value
        if now < mail.due_at:
            enqueue(runtime, connection, mail_id, mail.due_at)
            return "early"
        refused = mail.user_id is not None and mail.kind in choices.refused_kinds(connection, mail.user_id)
        if mail.address is None or refused:
            mails.end_mail(connection, mail, MailState.DROPPED, now)
            return MailState.DROPPED.value
        last = mails.last_summary_at(connection, mail) if mail.kind in SUMMARIES else None
        until = summary_waits_until(last, now, runtime.policies[MailPolicy]) or now
        if mail.user_id is not None and mail.kind in DELAYED:
            quiet = choices.quiet_hours_of(connection, mail.user_id)
            until = send_at(mail.kind, until, quiet, mail.display.zone)
        if now < until:
            mails.postpone_mail(connection, mail, until)
            enqueue(runtime, connection, mail_id, until)
            return "waits"
        if not mails.claim_mail(connection, mail, now + CUT_OFF_AFTER):
            return "overtaken"
        return _SendAttempt(replace(mail, attempts=mail.attempts + 1), mail.address)


def _attempt(runtime: Runtime, started: _SendAttempt) -> MailState | SendFailure:
    try:
        message = message_of(runtime, started.mail)
    except Invalid as refused:
        return SendFailure(refused.sentence, is_permanent=True)
    except UnsealableSecret as refused:
        return SendFailure(refused.sentence, is_permanent=False)
    return _hand_over(runtime, started, message)


def _hand_over(runtime: Runtime, started: _SendAttempt, message: EmailMessage) -> MailState | SendFailure:
    server = mail_server(runtime.settings, domain_of(runtime))
    if server is None:
        write_mail_file(runtime.home, started.mail.mail_id, message)
        return MailState.KEPT
    return send(server, message, sender_of(runtime)[1], started.address) or MailState.SENT


def _finish_attempt(runtime: Runtime, mail: StoredMail, outcome: MailState | SendFailure) -> str:
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        if isinstance(outcome, MailState):
            return outcome.value if mails.end_mail(connection, mail, outcome, now) else "overtaken"
        due_at = None
        if not outcome.is_permanent:
            policy = runtime.policies[MailPolicy]
            due_at = next_attempt(mail.attempts, mail.queued_at, now, runtime.draw(), policy)
        if due_at is None:
            mails.end_mail(connection, mail, MailState.FAILED, now, outcome.sentence)
            log.error("mail.failed", mail_id=mail.mail_id, kind=mail.kind.value, attempts=mail.attempts)
            return MailState.FAILED.value
        if not mails.postpone_mail(connection, mail, due_at, last_error=outcome.sentence):
            return "overtaken"
        enqueue(runtime, connection, mail.mail_id, due_at)
        return "retries"


def sweep_mails(runtime: Runtime) -> int:
    """Start the due attempts; returns how many. An attempt with a job keeps it.

    Without a mail server the mails are kept at once. An attempt that is long overdue gets another job: the previous
    one may have failed before it changed anything.
    """
    now = runtime.clock.now()
    with runtime.store.read() as connection:
        due = mails.due_mails(connection, now, _MOST_AT_ONCE)
    if not runtime.settings.smtp_host:
        for mail in due:
            send_mail(runtime, mail.mail_id)
    elif due:
        with runtime.store.write() as connection:
            runtime.jobs.lock(connection)
            for mail in due:
                due_at = mail.due_at or now
                if now - due_at >= CUT_OFF_AFTER:
                    mails.postpone_mail(connection, mail, now)
                    due_at = now
                enqueue_now(runtime, connection, mail.mail_id, due_at)
    return len(due)
