"""Contacts and payout accounts of sellers in a canonical form, so that shared ones can be found.

A shared telephone number links two accounts more reliably than similar wording. Contacts are therefore compared
exactly. Ambiguous ones are refused: a number without its country code, a handle without its network.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from features.fields import FieldError

LONGEST: Final = 320  # An e-mail address: 64 characters, the sign, 255 characters (RFC 3696).


class ContactKind(StrEnum):
    PHONE = "phone"
    EMAIL = "email"
    HANDLE = "handle"
    PAYOUT = "payout"
    ADDRESS = "address"


KIND_WORDS: Final = {
    ContactKind.PHONE: "telephone number",
    ContactKind.EMAIL: "e-mail address",
    ContactKind.HANDLE: "handle",
    ContactKind.PAYOUT: "payout account",
    ContactKind.ADDRESS: "address",
}


class Contact(NamedTuple):
    """One way to reach or pay a seller, normalised. Personal data: hashed on receipt, and never kept."""

    kind: ContactKind
    value: str


def canonical_contact(kind: ContactKind, text: str) -> Contact:
    """The contact in its canonical form.

    Raises Rejected (the value is not of that kind, or too short to identify a seller. The sentence does not repeat the
    value).

    >>> [canonical_contact(ContactKind.PHONE, text).value for text in ("+86 138-0013-8000", "0086 13800138000")]
    ['8613800138000', '8613800138000']
    >>> canonical_contact(ContactKind.HANDLE, "Telegram: @Lumo.Trade").value
    'telegram:lumo.trade'
    """
    return Contact(kind, _FORMS[kind](unicodedata.normalize("NFKC", text).casefold().strip()))


_PHONE: Final = re.compile(r"(?:\+|00)[\d ().\-/]+", re.ASCII)
# E.164 allows fifteen digits with the country code; the shortest numbers that can be dialled from abroad have seven.
_DIGITS_OF_A_PHONE: Final = range(7, 16)
# These providers deliver mail for name+anything@ to name@, according to their help pages. The first provider also
# ignores dots.
_DOTLESS: Final = "gmail.com"
_WITH_TAGS: Final = frozenset(
    {_DOTLESS, "outlook.com", "hotmail.com", "live.com", "icloud.com", "fastmail.com", "proton.me", "protonmail.com"}
)
_OTHER_NAMES: Final = {"googlemail.com": _DOTLESS}
_HANDLE: Final = re.compile(r"([^\W\d_][\w .-]{0,30}):\s*@?([\w.\-]{3,64})")
_SHORTEST_TOKEN: Final = 6  # Shorter ones are house numbers and 'n/a'.


def _canonical_phone(plain: str) -> str:
    if not _PHONE.fullmatch(plain):
        raise FieldError("bad_phone", "value", "A telephone number begins with + or 00 and its country code.")
    # '+49 (0)30' is dialled +49 30 from abroad.
    digits = re.sub(r"\D", "", plain.replace("(0)", "")).removeprefix("00")
    if len(digits) not in _DIGITS_OF_A_PHONE:
        raise FieldError("bad_phone", "value", "A telephone number has 7 to 15 digits with its country code.")
    return digits


def _canonical_email(plain: str) -> str:
    local, at, domain = plain.rpartition("@")
    try:
        domain = domain.encode("idna").decode()
    except UnicodeError:
        domain = ""
    if not at or not local or len(local) > 64 or re.search(r"[\s@]", local) or "." not in domain.strip("."):
        raise FieldError("bad_email", "value", "An e-mail address is a name, @ and a domain.")
    domain = _OTHER_NAMES.get(domain, domain)
    if domain in _WITH_TAGS:
        local = local.partition("+")[0] or local
    if domain == _DOTLESS:
        local = local.replace(".", "")
    return f"{local}@{domain}"


def _canonical_handle(plain: str) -> str:
    match = _HANDLE.fullmatch(plain)
    if match is None:
        raise FieldError("bad_handle", "value", "A handle is its network, a colon and the name: telegram:lumo_trade.")
    return f"{re.sub(r'[ .-]', '', match[1])}:{match[2].rstrip('.')}"


def _canonical_token(plain: str) -> str:
    token = re.sub(r"[\W_]+", "", plain)
    if len(token) < _SHORTEST_TOKEN:
        raise FieldError("too_short", "value", f"The value must have at least {_SHORTEST_TOKEN} letters and digits.")
    return token


_FORMS: Final[Mapping[ContactKind, Callable[[str], str]]] = {
    ContactKind.PHONE: _canonical_phone,
    ContactKind.EMAIL: _canonical_email,
    ContactKind.HANDLE: _canonical_handle,
    ContactKind.PAYOUT: _canonical_token,
    ContactKind.ADDRESS: _canonical_token,
}
