"""The types of listing fields, each with a reader that accepts or rejects a value."""

import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple, TypeAlias
from urllib.parse import urlsplit

from rapidfuzz import process
from rapidfuzz.distance import OSA

from features import money
from features.phrase import Parameter, Phrase

RawValue: TypeAlias = object
Reader: TypeAlias = Callable[[str, RawValue], RawValue]

MAX_COUNT: Final = 2**53  # Exact in JSON, in float features and in a signed 64-bit column.
EARLIEST: Final = datetime(1995, 1, 1, tzinfo=UTC)  # Before the first marketplaces; earlier is a mistake.
_LEAST_SIMILAR: Final = 0.65  # `titel` is title, and `seller.age` is seller.age_days; `colour` is none of our fields.
_MOST_NAMED: Final = 10  # Unknown fields in one sentence.
_LAST_OF_PLANES = "".join(chr(plane << 16 | end) for plane in range(17) for end in (0xFFFE, 0xFFFF))
_UNSTORABLE = re.compile(f"[\x00\ud800-\udfff\ufdd0-\ufdef{_LAST_OF_PLANES}]")
_PLAIN_URL = re.compile(r"https?://[A-Za-z0-9.-]+(?:/[A-Za-z0-9._~%/?=&+-]*)?\Z")
_DECIMAL = re.compile(r"-?\d{1,30}(?:\.\d{1,12})?\Z", re.ASCII)
_THREE_AMOUNTS = re.compile(r"\d{1,10}(?:\.\d{1,12})?(?: \d{1,10}(?:\.\d{1,12})?){2}\Z", re.ASCII)
OBJECT = (dict, Mapping)  # To ask for a mapping first takes five times as long.


class FieldError(ValueError):
    """A field is rejected: `code` is for machines, `phrase` for people, and `sentence` is its English text."""

    def __init__(self, code: str, field: str, sentence: str, /, **parameters: Parameter) -> None:
        self.phrase = Phrase(sentence, **parameters)
        self.code, self.field, self.sentence = code, field, str(self.phrase)
        super().__init__(self.sentence)


class Windows(NamedTuple):
    """One measure over the last 7, 30 and 90 days; None where the source gave none."""

    d7: float | None = None
    d30: float | None = None
    d90: float | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the canonical listing: its name, reader, JSON Schema and meaning."""

    name: str
    read: Reader
    schema: Mapping[str, RawValue]
    meaning: str


def text(name: str, cap: int, meaning: str) -> Field:
    """Text as sent, untrimmed because the row is evidence. Blank text is missing."""

    def read(field: str, raw: RawValue) -> str | None:
        if not isinstance(raw, str):
            raise FieldError("wrong_type", field, "{name} must be text, not {kind}.", name=field, kind=_kind_name(raw))
        if len(raw) > cap:
            raise FieldError(
                "too_long",
                field,
                "{name} has {n:,} characters; at most {most:,} are accepted.",
                name=field,
                n=len(raw),
                most=cap,
            )
        if "\x00" in raw if raw.isascii() else _is_unstorable(raw):
            raise FieldError(
                "bad_characters", field, "{name} contains NUL, half a surrogate pair or a noncharacter.", name=field
            )
        return raw if raw.strip() else None

    return Field(name, read, {"type": ["string", "null"], "maxLength": cap}, meaning)


def choice(name: str, options: tuple[str, ...], meaning: str) -> Field:
    """One of a fixed set of words."""

    def read(field: str, raw: RawValue) -> str:
        if raw not in options:
            raise FieldError(
                "unknown_value", field, "{name} must be one of {known}.", name=field, known=", ".join(options)
            )
        return str(raw)

    return Field(name, read, {"enum": [*options, None]}, meaning)


def currency(name: str, meaning: str) -> Field:
    """A code of ISO 4217, in capital letters. The currency need not have a known rate."""

    def read(field: str, raw: RawValue) -> str:
        if not isinstance(raw, str) or raw not in money.currency_codes():
            raise FieldError(
                "bad_currency", field, "{name} must be a currency code of ISO 4217 such as EUR.", name=field
            )
        return raw

    return Field(
        name, read, {"type": ["string", "null"], "pattern": f"^({'|'.join(sorted(money.currency_codes()))})$"}, meaning
    )


def amount(name: str, meaning: str) -> Field:
    """A Decimal from 0 to 10,000,000,000, sent as text (preferred) or as a number."""

    def read(field: str, raw: RawValue) -> Decimal:
        return _decimal_amount(field, raw)

    schema = {"type": ["string", "number", "null"], "pattern": r"^\d{1,11}(\.\d{1,12})?$", "minimum": 0}
    return Field(name, read, schema, meaning)


def number(name: str, high: float, meaning: str) -> Field:
    """A finite number from 0 to `high`."""

    def read(field: str, raw: RawValue) -> float:
        finite_number = _finite_number(field, raw)
        if not 0 <= finite_number <= high:
            raise FieldError("out_of_range", field, "{name} must be from 0 to {most:g}.", name=field, most=high)
        return finite_number

    return Field(name, read, {"type": ["number", "null"], "minimum": 0, "maximum": high}, meaning)


def count(name: str, meaning: str) -> Field:
    """A whole number from 0 to 2^53."""

    def read(field: str, raw: RawValue) -> int:
        return _whole_number(field, raw)

    return Field(name, read, {"type": ["integer", "null"], "minimum": 0, "maximum": MAX_COUNT}, meaning)


def windows(name: str, meaning: str, *, of_amounts: bool = False) -> Field:
    """An object with any of d7, d30 and d90, read as float because they serve only as features."""

    plain = str if of_amounts else int

    def read(field: str, raw: RawValue) -> Windows:
        if not isinstance(raw, OBJECT):
            raise FieldError("wrong_type", field, "{name} must be an object with d7, d30 and d90.", name=field)
        d7, d30, d90 = three = raw.get("d7"), raw.get("d30"), raw.get("d90")
        if len(raw) == 3 and type(d7) is type(d30) is type(d90) is plain and _are_plain(three):
            return Windows(float(d7), float(d30), float(d90))  # Almost every one.
        by_window: dict[str, float | None] = {}
        for key, raw_number in raw.items():
            if key not in Windows._fields:
                raise FieldError(
                    "unknown_field", f"{field}.{printable(key)}", "{name} has only d7, d30 and d90.", name=field
                )
            inner = f"{field}.{key}"
            if raw_number is not None:
                by_window[str(key)] = float(
                    _decimal_amount(inner, raw_number) if of_amounts else _whole_number(inner, raw_number)
                )
        return Windows(**by_window)

    part = {"type": ["string", "number", "null"] if of_amounts else ["integer", "null"], "minimum": 0}
    schema = {
        "type": ["object", "null"],
        "properties": dict.fromkeys(Windows._fields, part),
        "additionalProperties": False,
    }
    return Field(name, read, schema, meaning)


def counts(name: str, length: int, meaning: str) -> Field:
    """Exactly `length` whole numbers."""

    def read(field: str, raw: RawValue) -> tuple[int, ...]:
        if not isinstance(raw, list | tuple) or len(raw) != length:
            raise FieldError("wrong_type", field, "{name} must be a list of {n} whole numbers.", name=field, n=length)
        return tuple(_whole_number(f"{field}[{i}]", raw_count) for i, raw_count in enumerate(raw))

    item_schema = {"type": "integer", "minimum": 0, "maximum": MAX_COUNT}
    return Field(
        name, read, {"type": ["array", "null"], "items": item_schema, "minItems": length, "maxItems": length}, meaning
    )


def url(name: str, meaning: str) -> Field:
    """An http or https address. It is stored and displayed, never fetched."""
    inner = text(name, 2_000, meaning)

    def read(field: str, raw: RawValue) -> str | None:
        link = inner.read(field, raw)
        return None if link is None else str(link) if _PLAIN_URL.match(str(link)) else _http_url(field, str(link))

    return Field(name, read, {"type": ["string", "null"], "maxLength": 2_000, "format": "uri"}, meaning)


def urls(name: str, most: int, meaning: str) -> Field:
    """One address or a list of at most `most`."""
    link = url(name, meaning)

    def read(field: str, raw: RawValue) -> tuple[str, ...] | None:
        items = [raw] if isinstance(raw, str) else raw
        if not isinstance(items, list | tuple):
            raise FieldError("wrong_type", field, "{name} must be an address or a list of addresses.", name=field)
        if (n := len(items)) > most:
            raise FieldError(
                "too_many", field, "{name} has {n} addresses; at most {most} are accepted.", name=field, n=n, most=most
            )
        return tuple(str(address) for raw_link in items if (address := link.read(field, raw_link)) is not None) or None

    return Field(
        name, read, {"anyOf": [link.schema, {"type": "array", "items": link.schema, "maxItems": most}]}, meaning
    )


def instant(name: str, meaning: str) -> Field:
    """An aware time, ISO 8601 with an offset; converted to UTC. The caller checks it against the current time."""

    def read(field: str, raw: RawValue) -> datetime:
        if isinstance(raw, str):
            try:
                raw = datetime.fromisoformat(raw)
            except ValueError:
                raise FieldError(
                    "bad_time", field, "{name} must be a time such as 2026-03-01T09:30:00+00:00.", name=field
                ) from None
        if not isinstance(raw, datetime):
            raise FieldError(
                "wrong_type", field, "{name} must be a time as text, not {kind}.", name=field, kind=_kind_name(raw)
            )
        if raw.tzinfo is None:
            raise FieldError("naive_time", field, "{name} needs an offset such as +00:00 or Z.", name=field)
        try:
            moment = raw.astimezone(UTC)
        except OverflowError:
            raise FieldError("bad_time", field, "{name} lies outside the calendar.", name=field) from None
        if moment < EARLIEST:
            raise FieldError("out_of_range", field, "{name} lies before {earliest:%Y}.", name=field, earliest=EARLIEST)
        return moment

    return Field(name, read, {"type": ["string", "null"], "format": "date-time"}, meaning)


def printable(name: object) -> str:
    """An untrusted field name in a form that is safe to store and to display.

    >>> printable("pri\\0ce\\ud800")
    'pri\\\\x00ce\\\\ud800'
    """
    text = str(name)[:60]
    return text if text.isprintable() else text.encode("unicode_escape").decode()[:60]


def with_nearest(name: str, known: Collection[str]) -> str:
    """An unknown field's name in a printable form, with the field that it may mean.

    >>> with_nearest("Titel", ["title", "price"]), with_nearest("colour", ["title", "price"])
    ('Titel (nearest field: title)', 'colour')
    """
    scorer, shown = OSA.normalized_similarity, printable(name) or "(no name)"
    nearest = process.extractOne(name[:60].lower(), sorted(known), scorer=scorer, score_cutoff=_LEAST_SIMILAR)
    return f"{shown} (nearest field: {nearest[0]})" if nearest else shown


def unknown_fields(row: Mapping[str, RawValue], known: Collection[str], of: str, within: str = "") -> FieldError:
    """The refusal of a row for its unknown fields: the first as its field, all of them in its sentence."""
    names = [str(name) for name, raw in row.items() if raw is not None and name not in known]
    named = ", ".join(with_nearest(name, known) for name in names[:_MOST_NAMED])
    more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
    are = "is not a field" if len(names) == 1 else "are not fields"
    return FieldError("unknown_field", f"{within}{printable(names[0])}", f"{named}{more} {are} of a {of}.")


def _http_url(field: str, address: str) -> str:
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        parts = urlsplit("")
    if parts.scheme.lower() not in {"http", "https"} or not parts.netloc:
        raise FieldError("bad_url", field, "{name} must be an http or https address.", name=field)
    return address.strip()


def _decimal_amount(field: str, raw: RawValue) -> Decimal:
    match raw:
        case bool():
            raise FieldError("wrong_type", field, "{name} must be a decimal number, not a truth value.", name=field)
        case str() if _DECIMAL.match(raw):
            decimal = Decimal(raw)
        case int() | float() | Decimal():
            decimal = _exact_decimal(field, raw)
        case _:
            raise FieldError("wrong_type", field, "{name} must be a decimal number such as 19.90.", name=field)
    if decimal < 0:
        raise FieldError("negative", field, "{name} is below zero.", name=field)
    if decimal > money.MAX_AMOUNT:
        raise FieldError("out_of_range", field, "{name} is above {most:,}.", name=field, most=money.MAX_AMOUNT)
    return abs(decimal)  # -0 is 0.


def _exact_decimal(field: str, raw: int | float | Decimal) -> Decimal:
    try:
        decimal = Decimal(str(raw)) if isinstance(raw, float) else Decimal(raw)
    except (InvalidOperation, ValueError):
        raise FieldError("wrong_type", field, "{name} is not a number.", name=field) from None
    if not decimal.is_finite():
        raise FieldError("not_finite", field, "{name} is not a finite number.", name=field)
    return decimal


def _finite_number(field: str, raw: RawValue) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float | Decimal):
        raise FieldError("wrong_type", field, "{name} must be a number, not {kind}.", name=field, kind=_kind_name(raw))
    try:
        as_float = float(raw)
    except (OverflowError, ValueError):  # An integer beyond float; a signalling NaN.
        as_float = math.inf
    if not math.isfinite(as_float):
        raise FieldError("not_finite", field, "{name} is not a finite number.", name=field)
    return as_float


def _whole_number(field: str, raw: RawValue) -> int:
    if type(raw) is int and 0 <= raw <= MAX_COUNT:  # Almost every count; a truth value has another type.
        return raw
    finite_number = _finite_number(field, raw)
    if finite_number != math.floor(finite_number):
        raise FieldError("wrong_type", field, "{name} must be a whole number.", name=field)
    # Made a float, the first integer above the largest count would be the largest count.
    if not 0 <= (raw if type(raw) is int else finite_number) <= MAX_COUNT:
        code = "negative" if finite_number < 0 else "out_of_range"
        raise FieldError(code, field, "{name} must be from 0 to {most:,}.", name=field, most=MAX_COUNT)
    return int(finite_number)


def _is_unstorable(raw_text: str) -> bool:
    try:
        encoded = raw_text.encode()
    except UnicodeEncodeError:  # Half a surrogate pair.
        return True
    # Every noncharacter has one of these pairs. To search the text itself takes five times as long.
    possible = b"\x00" in encoded or b"\xef\xb7" in encoded or b"\xbf\xbe" in encoded or b"\xbf\xbf" in encoded
    return possible and _UNSTORABLE.search(raw_text) is not None


def _are_plain(three: tuple[Any, Any, Any]) -> bool:
    """Whether three whole numbers, or three texts, are counts or amounts that a reader accepts."""
    if isinstance(three[0], str):
        return _THREE_AMOUNTS.match(" ".join(three)) is not None
    return bool(min(three) >= 0 and max(three) <= MAX_COUNT)


def _kind_name(raw: RawValue) -> str:
    names = {bool: "a truth value", int: "a number", float: "a number", Decimal: "a number", list: "a list"}
    return names.get(type(raw), "an object" if isinstance(raw, Mapping) else type(raw).__name__)
