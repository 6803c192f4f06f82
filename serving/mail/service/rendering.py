"""A mail as it is sent: headers, plain text and HTML in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from features.message import each_from_json
from models.errors import Invalid
from serving.mail.rules.kinds import MailKind, is_optional, one_line
from serving.mail.service.queueing import domain_of
from serving.mail.service.seller_wording import StatementWords
from serving.mail.service.unsubscribing import unsubscribe_link
from serving.mail.service.wording import PLACES, content
from serving.mail.store.mails import StoredMail
from serving.platform import display
from serving.platform.public_address import public_address
from serving.platform.runtime import Runtime
from serving.platform.sealing import Sealer
from serving.platform.tongues import current_tongue, say

_TEMPLATES: Final = Environment(
    loader=PackageLoader("serving.mail"),
    autoescape=select_autoescape(("html",)),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)


@dataclass(frozen=True, slots=True)
class RenderedMail:
    subject: str
    text: str
    html: str


def sender_of(runtime: Runtime) -> tuple[str, str]:
    name, address = parseaddr(runtime.settings.mail_from or "")
    return name or "Touchstone", address or f"touchstone@{domain_of(runtime)}"


def render(runtime: Runtime, mail: StoredMail, *, with_secret: bool) -> RenderedMail:
    """The texts of a mail in its reader's language; without its secret link unless that is asked for.

    Raises Unsealable (the key that sealed the link is not here).
    """
    with display.showing_as(mail.display):
        words = content(mail.kind, _with_statement(runtime, mail))
        leaves = _unsubscribe_link(runtime, mail) if with_secret else None
        context = {
            "content": words,
            "tag": current_tongue().tag,
            "link": _mail_link(runtime, mail, with_secret=with_secret),
            "unsubscribe": leaves,
            "footer": say("You get this mail because of your role. You choose your mails in your settings."),
            "unsubscribe_text": say("Unsubscribe"),
        }
        text = _TEMPLATES.get_template("mail.txt").render(context).strip() + "\n"
        return RenderedMail(words.subject, text, _TEMPLATES.get_template("mail.html").render(context))


def message_of(runtime: Runtime, mail: StoredMail) -> EmailMessage:
    """The mail for its recipient.

    Raises Invalid (the recipient's address is not one valid address) or Unsealable (the key that sealed the link is not
    here).
    """
    words = render(runtime, mail, with_secret=True)
    name, address = sender_of(runtime)
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(display_name=one_line(name), addr_spec=address)
    try:
        message["To"] = Address(display_name=one_line(mail.name or ""), addr_spec=mail.address or "")
    except (ValueError, IndexError, MessageError) as invalid:
        raise Invalid("This is not an e-mail address.") from invalid
    message["Subject"] = one_line(words.subject)
    message["Date"] = mail.queued_at
    message["Message-ID"] = mail.message_id
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday note answers it.
    if (leaves := _unsubscribe_link(runtime, mail)) is not None:
        message["List-Unsubscribe"] = f"<{leaves}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
    message.set_content(words.text)
    message.add_alternative(words.html, subtype="html")
    with display.showing_as(mail.display):
        message["Content-Language"] = current_tongue().tag  # After the content, which clears such headers.
    return message


def _with_statement(runtime: Runtime, mail: StoredMail) -> Mapping[str, Any]:
    """The parameters of a mail, with the statement of reasons in its reader's words where it has one."""
    if mail.kind is not MailKind.SELLER_STATEMENT:
        return mail.parameters
    statement, messages = mail.parameters["statement"], each_from_json(mail.parameters["messages"])
    return {**mail.parameters, "rows": runtime.services[StatementWords].rows(statement, messages)}


def _mail_link(runtime: Runtime, mail: StoredMail, *, with_secret: bool) -> str | None:
    """The address of the mail's link under that of the service now: a full URL."""
    if mail.secret_link is not None:
        path = runtime.services[Sealer].open(mail.secret_link) if with_secret else None
    else:
        path = mail.parameters.get("path") or PLACES.get(mail.kind)
    return None if path is None else f"{public_address(runtime.settings, runtime.home)}{path}"


def _unsubscribe_link(runtime: Runtime, mail: StoredMail) -> str | None:
    if mail.user_id is None or not is_optional(mail.kind):
        return None
    return unsubscribe_link(runtime, mail.user_id, mail.kind)
