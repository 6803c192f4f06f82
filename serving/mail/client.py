"""One mail to one recipient over SMTP (RFC 5321), encrypted as the operator has set."""

import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Final, Literal

from models.errors import Invalid
from serving.platform.settings import Settings

_PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}
_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
# Replies that refuse this mail for good; other replies show a server that is down or misconfigured.
_PERMANENT: Final = range(500, 600)
_LONGEST_REPLY: Final = 200


@dataclass(frozen=True, slots=True)
class MailServer:
    """A mail server and how it is reached."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    user: str | None
    password: str | None = field(repr=False)
    timeout_seconds: float
    # The name under which this service greets the server.
    domain: str


@dataclass(frozen=True, slots=True)
class SendFailure:
    """Why a mail was not accepted; `is_permanent` where the server will never accept it."""

    sentence: str
    is_permanent: bool


def mail_server(settings: Settings, domain: str) -> MailServer | None:
    """The mail server of the settings; None where mails are kept.

    Raises Invalid (the sender is missing or no address; or a password, or in production any mail, would leave
    unencrypted).
    """
    host = settings.smtp_host
    if not host:
        return None
    if "@" not in parseaddr(settings.mail_from or "")[1]:
        raise Invalid("TOUCHSTONE_MAIL_FROM must be the sender's address where TOUCHSTONE_SMTP_HOST is set.")
    if settings.smtp_security == "none" and host not in _THIS_MACHINE:
        if settings.production:
            raise Invalid("Production mode sends no mail unencrypted. Set TOUCHSTONE_SMTP_SECURITY to starttls or tls.")
        if settings.smtp_password is not None:
            raise Invalid("A password is not sent unencrypted. Set TOUCHSTONE_SMTP_SECURITY to starttls or tls.")
    return MailServer(
        host=host,
        port=settings.smtp_port or _PORTS[settings.smtp_security],
        security=settings.smtp_security,
        user=settings.smtp_user,
        password=None if settings.smtp_password is None else settings.smtp_password.get_secret_value(),
        timeout_seconds=settings.smtp_timeout_seconds,
        domain=domain,
    )


def send(server: MailServer, message: EmailMessage, sender: str, recipient: str) -> SendFailure | None:
    """Hand a mail to the server; None once it has accepted it.

    If the connection ends after the mail was transmitted and before the server's reply, the mail may have been
    accepted. It counts as unsent, and is sent again with the same Message-ID.
    """
    try:
        connection = _connect(server)
        try:
            if server.user is not None:
                connection.login(server.user, server.password or "")
            return _transmit(connection, message, sender, recipient)
        finally:
            # The server has answered: a fault while it says goodbye must not send the mail again.
            with suppress(OSError, smtplib.SMTPException):
                connection.quit()
            connection.close()
    except smtplib.SMTPAuthenticationError as refused:
        return SendFailure(
            _reply_sentence("refused the sign-in", refused.smtp_code, refused.smtp_error), is_permanent=False
        )
    except smtplib.SMTPResponseException as refused:
        return SendFailure(
            _reply_sentence("refused the connection", refused.smtp_code, refused.smtp_error), is_permanent=False
        )
    except smtplib.SMTPNotSupportedError:
        return SendFailure("The mail server lacks the encryption or the sign-in that is set.", is_permanent=False)
    except ssl.SSLError:
        return SendFailure("The certificate of the mail server is not valid for it.", is_permanent=False)
    except (OSError, smtplib.SMTPException):
        return SendFailure("The mail server could not be reached, or ended the connection.", is_permanent=False)


def _connect(server: MailServer) -> smtplib.SMTP:
    timeout = server.timeout_seconds
    if server.security == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(server.host, server.port, server.domain, timeout=timeout, context=context)
    connection = smtplib.SMTP(server.host, server.port, server.domain, timeout=timeout)
    if server.security == "starttls":
        try:
            connection.starttls(context=ssl.create_default_context())
        except BaseException:
            connection.close()
            raise
    return connection


def _transmit(connection: smtplib.SMTP, message: EmailMessage, sender: str, recipient: str) -> SendFailure | None:
    try:
        connection.send_message(message, sender, [recipient])
    except smtplib.SMTPRecipientsRefused as refused:
        [(code, reply)] = refused.recipients.values()
        return SendFailure(_reply_sentence("refused the recipient", code, reply), is_permanent=code in _PERMANENT)
    except smtplib.SMTPSenderRefused as refused:
        # A setting of this service, which the operator can mend.
        return SendFailure(
            _reply_sentence("refused the sender", refused.smtp_code, refused.smtp_error), is_permanent=False
        )
    except smtplib.SMTPDataError as refused:
        code = refused.smtp_code
        return SendFailure(
            _reply_sentence("refused the mail", code, refused.smtp_error), is_permanent=code in _PERMANENT
        )
    except smtplib.SMTPNotSupportedError:
        return SendFailure("The mail server cannot write to this address (SMTPUTF8).", is_permanent=True)
    return None


def _reply_sentence(what: str, code: int, reply: bytes | str) -> str:
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return f"The mail server {what}: {code} {' '.join(text.split())[:_LONGEST_REPLY]}"
