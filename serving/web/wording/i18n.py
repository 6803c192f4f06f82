"""Pages in the reader's language: its catalogue, and dates, sizes and times as it writes them.

English is the language of the source. A catalogue is a text file that translators edit, read once at its first use.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from gettext import NullTranslations
from io import BytesIO
from typing import Final

from babel import Locale
from babel.core import get_global
from babel.dates import format_date, format_skeleton, get_datetime_format
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import Translations
from babel.units import format_unit

from serving.platform import display
from serving.platform.languages import ENGLISH, FOLDER, Language, languages
from serving.web.wording import words

_MEGABYTE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Tongue:
    """A language on pages: its tag for a browser, its name in itself, how it writes dates and numbers."""

    language: Language
    tag: str
    name: str
    locale: Locale


_BRITISH: Final = Tongue(ENGLISH, "en", "English", Locale("en", "GB"))
# Scripts in which sentences follow each other without a blank.
_WITHOUT_BLANKS: Final = frozenset({"Hans", "Hant", "Jpan"})


@cache
def tongues() -> tuple[Tongue, ...]:
    """Every language, English first; how each writes is that of the place where most of its readers are (CLDR)."""
    return (_BRITISH, *(_tongue(one) for one in languages() if one != ENGLISH))


def _tongue(language: Language) -> Tongue:
    locale = Locale.parse(get_global("likely_subtags").get(language, language))
    name = locale.get_language_name(locale) or language
    tag = f"{language}-{locale.script}" if locale.script else language
    return Tongue(language, tag, name[0].upper() + name[1:], locale)


@cache
def _by_language() -> dict[Language, Tongue]:
    return {one.language: one for one in tongues()}


# A page is translated where it is listed; parts of pages are listed too.
TRANSLATED: Final = frozenset(
    {
        "base.html",
        "brand.html",
        "brand_dashboard.html",
        "brand_macros.html",
        "brand_messages.html",
        "brand_people.html",
        "brand_prices.html",
        "brand_rights.html",
        "brand_sellers.html",
        "brand_standing.html",
        "brand_indicators.html",
        "certification.html",
        "counter_notices.html",
        "error.html",
        "macros.html",
        "notice.html",
        "notice_confirmation.html",
        "notice_form.html",
        "parts/brand_keys.html",
        "parts/brand_tabs.html",
        "parts/dashboard.html",
        "parts/done.html",
        "parts/help_link.html",
        "parts/removals.html",
        "parts/standing.html",
        "parts/thread.html",
        "parts/onboarding.html",
        "parts/undo.html",
        "reset.html",
        "seller.html",
        "settings.html",
        "sign_in.html",
        "takedown.html",
        "takedown_answer.html",
    }
)


def N_(message: str) -> str:  # noqa: N802  # the name by which catalogues know a text that is translated later
    """Mark a text of a table for the catalogues; it is translated where it is shown."""
    return message


def NN_(one: str, many: str) -> tuple[str, str]:  # noqa: N802  # as above
    """Mark a text with its form of many."""
    return one, many


def tongue() -> Tongue:
    """That of the request at hand."""
    return _by_language().get(display.current().language, _BRITISH)


def gettext(message: str) -> str:
    """A text in the language of the request; with its placeholders as they are, for templates."""
    return _catalogue(display.current().language).gettext(message)


def ngettext(one: str, many: str, number: float) -> str:
    """A text in the form that goes with a number; a part of one goes with the form of few."""
    whole = int(number) if number == int(number) else 2
    return _catalogue(display.current().language).ngettext(one, many, whole)


def say(message: str, **values: object) -> str:
    """A text in the language of the request, with its placeholders filled in."""
    return gettext(message) % values if values else gettext(message)


def say_many(one: str, many: str, n: float, **values: object) -> str:
    """A text in the form that goes with `n`, which its placeholder of that name shows."""
    return ngettext(one, many, n) % {"n": number(n), **values}


def day(at: datetime | date) -> str:
    """A date in full: 6 March 2026."""
    return format_date(_here(at), "long", tongue().locale)


def weekday(at: datetime | date) -> str:
    """A date in full with its day of the week: Friday 6 March 2026."""
    return format_date(_here(at), "full", tongue().locale)


def short_weekday(at: datetime | date) -> str:
    """A day of the near future or past: Fri 6."""
    return format_skeleton("Ed", _here(at), locale=tongue().locale)


def moment(at: datetime) -> str:
    """A date in full with the time of day and its zone."""
    return str(get_datetime_format("medium", tongue().locale)).format(time(at), day(at))


def time(at: datetime) -> str:
    """A time of day with its zone."""
    return f"{at.astimezone(display.current().zone):%H:%M} {words.zone(at)}"


def length(left: timedelta) -> str:
    """A length of time in its largest unit, rounded down: nobody has less than it says."""
    minutes = max(int(left.total_seconds()), 0) // 60
    if minutes < 60:
        return say_many("%(n)s minute", "%(n)s minutes", minutes)
    hours = minutes // 60
    if hours < 24:
        return say_many("%(n)s hour", "%(n)s hours", hours)
    return say_many("%(n)s day", "%(n)s days", hours // 24)


def size(number_of_bytes: int) -> str:
    """A size in the unit in which people think of files."""
    is_large = number_of_bytes >= _MEGABYTE
    value = round(number_of_bytes / _MEGABYTE, 1) if is_large else max(1, round(number_of_bytes / 1_000))
    unit = "digital-megabyte" if is_large else "digital-kilobyte"
    return str(format_unit(value, unit, length="short", locale=tongue().locale))


def joined(*sentences: str) -> str:
    """Sentences one after another; Chinese, for one, has no blank between them."""
    return ("" if tongue().locale.script in _WITHOUT_BLANKS else " ").join(sentences)


def listed(items: list[str]) -> str:
    """Items one after another: Wed 4, Thu 5 and Fri 6."""
    return str(format_list(items, locale=tongue().locale))


def quoted(text: str) -> str:
    """Words of somebody else, in the quotation marks of the language."""
    return say("“%(text)s”", text=text)


def countries(codes: list[str]) -> str:
    """Countries by their names; a code that has none stays a code.

    >>> countries(["DE", "FR"])
    'Germany and France'
    """
    return listed([tongue().locale.territories.get(code, code) for code in codes])


def number(value: float) -> str:
    """A number with the separators of the language."""
    return format_decimal(value, locale=tongue().locale)


def _here(at: datetime | date) -> date:
    return at.astimezone(display.current().zone).date() if isinstance(at, datetime) else at


@cache
def _catalogue(language: Language) -> NullTranslations:
    if language not in languages()[1:]:
        return NullTranslations()
    compiled = BytesIO()
    with (FOLDER / f"{language}.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return Translations(compiled)
