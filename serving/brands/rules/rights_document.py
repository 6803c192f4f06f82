"""What is supplied with rights: documents, told by their first bytes and never opened here; texts; territories."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from features.phrase import Phrase
from models.errors import Invalid
from serving.brands.rules.rights import UNION, WORLD, RightKind, register_of

_KINDS: Final = {
    b"%PDF-": ("application/pdf", "pdf"),
    b"\x89PNG\r\n\x1a\n": ("image/png", "png"),
    b"\xff\xd8\xff": ("image/jpeg", "jpg"),
}
_ENDINGS: Final = dict(_KINDS.values())
MEDIA_TYPES: Final = tuple(_ENDINGS)
LONGEST_NAME: Final = 120
_PATH: Final = re.compile(r"[/\\]")


def media_type_of(content: bytes) -> str | None:
    """The media type of a document by its first bytes, regardless of its name; None for unsupported types.

    >>> media_type_of(b"%PDF-1.7"), media_type_of(b"<html>")
    ('application/pdf', None)
    """
    return next((kind for magic, (kind, _) in _KINDS.items() if content.startswith(magic)), None)


def file_extension_of(media_type: str) -> str:
    """The file extension of this media type, for downloads under a name of our own.

    >>> file_extension_of("image/jpeg")
    'jpg'
    """
    return _ENDINGS[media_type]


def readable_name(file_name: str) -> str:
    """A file's name for display, without folders and without control, direction, invisible or separator characters.

    It is only shown; files are never stored or served under it.

    >>> readable_name("C:\\\\scans\\\\invoice 1177.pdf"), readable_name("../../etc/passwd"), readable_name(" ")
    ('invoice 1177.pdf', 'passwd', 'document')
    """
    last = _PATH.split(unicodedata.normalize("NFC", file_name))[-1]
    visible_text = "".join(
        character if unicodedata.category(character)[0] not in "CZ" else " " * character.isspace() for character in last
    )
    return " ".join(visible_text.split())[:LONGEST_NAME].strip() or "document"


LONGEST: Final = {"title": 200, "office": 40, "number": 40, "agent": 200, "note": 500, "name": 200}
_UNFIT: Final = {
    "title": Phrase("The title must have 1 to {most} characters, all of them visible.", most=LONGEST["title"]),
    "office": Phrase("The office must have 1 to {most} characters, all of them visible.", most=LONGEST["office"]),
    "number": Phrase("The number must have 1 to {most} characters, all of them visible.", most=LONGEST["number"]),
    "agent": Phrase("The agent must have 1 to {most} characters, all of them visible.", most=LONGEST["agent"]),
    "note": Phrase("The note has 1 to {most} characters that can be seen.", most=LONGEST["note"]),
    "name": Phrase("The name must have 1 to {most} characters, all of them visible.", most=LONGEST["name"]),
}


def checked_text(what: str, text: str) -> str:
    """A text without surrounding white space.

    Raises Invalid (the text is empty, too long, or contains an invisible character).
    """
    stripped_text = text.strip()
    if not stripped_text or len(stripped_text) > LONGEST[what] or not stripped_text.isprintable():
        raise Invalid(_UNFIT[what])
    return stripped_text


_NUMBER: Final = re.compile(r"[A-Za-z]{0,3}\d[\d ./-]*[A-Za-z]?\Z")  # 018000001, W01234567, UK00003123456, 1234567A


def checked_number(kind: RightKind, office: str, number: str) -> str:
    """The number of a right as it is stored.

    Raises Invalid (as `checked_text`, or the office has a register that we know and no number there looks like this).
    """
    text = checked_text("number", number)
    if register_of(kind, office) is not None and not _NUMBER.match(text):
        raise Invalid(
            "{office} gives no such number as {number}. Enter the registration number, for example 018000001.",
            office=office.strip(),
            number=text,
        )
    return text


# The countries of ISO 3166-1, as of 2026.
_COUNTRIES: Final = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ "
    "CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO "
    "FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE "
    "JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO "
    "MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW "
    "PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM "
    "TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW"
)
_CODES: Final = frozenset(_COUNTRIES.split()) | {UNION, WORLD}


def checked_territories(names: Sequence[str]) -> list[str]:
    """Territories in their stored form: upper case, sorted, without duplicates.

    Raises Invalid (there is none, or one is not an ISO 3166 code, EU or WORLD).
    """
    codes = sorted({name.strip().upper() for name in names})
    if not codes:
        raise Invalid("Name at least one territory: an ISO 3166 code such as FR, EU or WORLD.")
    for code in codes:
        if code not in _CODES:
            raise Invalid(
                "{words} is not a territory. Use an ISO 3166 code such as FR, EU or WORLD.", words=repr(code[:20])
            )
    return codes
