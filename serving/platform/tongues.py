"""Catalogues of texts in the reader's language, which pages and mails share.

English is the language of the source. A catalogue is a text file that translators edit, read once at its first use.
"""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from gettext import NullTranslations
from io import BytesIO
from typing import Final

from babel import Locale
from babel.core import get_global
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import Translations

from serving.platform import display
from serving.platform.languages import ENGLISH, FOLDER, Language, languages

# Scripts in which sentences follow each other without a blank.
_WITHOUT_BLANKS: Final = frozenset({"Hans", "Hant", "Jpan"})


@dataclass(frozen=True, slots=True)
class Tongue:
    """A language on pages: its tag for a browser, its name in itself, how it writes dates and numbers."""

    language: Language
    tag: str
    name: str
    locale: Locale


_BRITISH: Final = Tongue(ENGLISH, "en", "English", Locale("en", "GB"))


@cache
def tongues() -> tuple[Tongue, ...]:
    """Every language, English first; how each writes is that of the place where most of its readers are (CLDR)."""
    return (_BRITISH, *(_tongue_of(language) for language in languages() if language != ENGLISH))


def _tongue_of(language: Language) -> Tongue:
    locale = Locale.parse(get_global("likely_subtags").get(language, language))
    name = locale.get_language_name(locale) or language
    tag = f"{language}-{locale.script}" if locale.script else language
    return Tongue(language, tag, name[0].upper() + name[1:], locale)


@cache
def _tongues_by_language() -> dict[Language, Tongue]:
    return {tongue.language: tongue for tongue in tongues()}


def N_(message: str) -> str:  # noqa: N802  # the name by which catalogues know a text that is translated later
    """Mark a text of a table for the catalogues; it is translated where it is shown."""
    return message


def NN_(singular: str, many: str) -> tuple[str, str]:  # noqa: N802  # as above
    """Mark a text with its form of many."""
    return singular, many


def current_tongue() -> Tongue:
    """That of the request at hand."""
    return _tongues_by_language().get(display.current_display().language, _BRITISH)


def gettext(message: str) -> str:
    """A text in the language of the request; with its placeholders as they are, for templates."""
    return _catalogue(display.current_display().language).gettext(message)


def ngettext(singular: str, many: str, number: float) -> str:
    """A text in the form that goes with a number; a part of one goes with the form of few."""
    whole = int(number) if number == int(number) else 2
    return _catalogue(display.current_display().language).ngettext(singular, many, whole)


def say(message: str, **values: object) -> str:
    """A text in the language of the request, with its placeholders filled in."""
    return gettext(message) % values if values else gettext(message)


def say_many(singular: str, many: str, n: float, **values: object) -> str:
    """A text in the form that goes with `n`, which its placeholder of that name shows."""
    return ngettext(singular, many, n) % {"n": number(n), **values}


def number(amount: float) -> str:
    """A number with the separators of the language."""
    return format_decimal(amount, locale=current_tongue().locale)


def day(at: datetime | date) -> str:
    """A date in full: 6 March 2026."""
    return format_date(local_date(at), "long", current_tongue().locale)


def local_date(at: datetime | date) -> date:
    """The date at a moment in the reader's time zone."""
    return at.astimezone(display.current_display().zone).date() if isinstance(at, datetime) else at


def join_sentences(*sentences: str) -> str:
    """Sentences one after another; Chinese, for one, has no blank between them."""
    return ("" if current_tongue().locale.script in _WITHOUT_BLANKS else " ").join(sentences)


@cache
def _catalogue(language: Language) -> NullTranslations:
    if language not in languages()[1:]:
        return NullTranslations()
    compiled = BytesIO()
    with (FOLDER / f"{language}.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return Translations(compiled)
