"""What the rules say in English, in the language of whoever reads it on a page.

Statements, decisions and reasons are made and kept in English, and what is kept is what was said. A page shows them
in the reader's language: each sentence is looked up whole, with what was put into it taken out and put in again, and
dates and numbers as the language writes them. A sentence that is not here is shown as it is. The statement for the
Commission's database is no business of this module.
"""

import re
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Final

from serving.platform.languages import ENGLISH
from serving.web.wording import i18n, own_words
from serving.web.wording.i18n import N_

_SENTENCES: Final = (
    # The statement of reasons (serving.takedowns.rules.statement).
    N_("The offer is removed."),
    N_("The goods bear a trade mark without being goods of its owner."),
    N_("The offer uses a trade mark in a way that its owner has not allowed."),
    N_("The goods copy a protected design."),
    N_("The offer uses protected pictures or texts."),
    N_("The goods are not what the offer says they are."),
    N_("The rights holder %(name)s examined the offer and found that the goods are not genuine."),
    N_("A trained analyst examined the offer and found that the goods are not genuine."),
    N_("The offer was notified to the marketplace; the decision was taken by a person."),
    N_("The offer was found by an automated classifier and looked at by a person; the decision was taken by a person."),
    N_("The offer was found by a person; the decision was taken by a person."),
    N_("You can appeal within six months, free of charge; a person who did not take this decision will look at it."),
    N_("You can also turn to an out-of-court dispute settlement body or to a court."),
    N_("The removal holds wherever the marketplace sells."),
    N_("The removal holds wherever the marketplace sells: %(countries)s."),
    N_("It has no end date."),
    N_("It ends if it is undone on a counter-notice or an appeal, or by a court or settlement body."),
    N_("The marketplace looked at the offer on its own initiative, and not because of a notice."),
    N_("The offer was notified to the marketplace."),
    N_("The offer was notified to the marketplace by a trusted flagger."),
    N_("The law, and not the terms of the marketplace: %(law)s."),
    N_(
        "Article 9 of Regulation (EU) 2017/1001 (EU trade marks), or national law under Article 10 of Directive (EU) "
        "2015/2436 (national trade marks)"
    ),
    N_(
        "Article 19 of Council Regulation (EC) No 6/2002 (EU designs), or national law under Article 12 of Directive "
        "98/71/EC (national designs)"
    ),
    N_("National law under Articles 2 to 4 of Directive 2001/29/EC"),
    N_("National law under Article 6(1) of Directive 2005/29/EC (misleading commercial practices)"),
    N_("The removal is undone; the offer is shown again."),
    N_("An appeal against the removal was upheld."),
    N_("The rights holder gave way to the seller's counter-notice."),
    N_("The rights holder did not answer the seller's counter-notice in time."),
    N_("What the earlier statement said of the goods does not stand."),
    N_("The decision was taken by a person."),
    N_("The removal ended because a deadline passed, which the rules of this marketplace say; no goods were judged."),
    N_("The earlier decision does not count against the seller."),
)
_COUNTS: Final[tuple[tuple[str, str], ...]] = ()
_PLACE: Final = re.compile(r"%\((\w+)\)s")
_FREE: Final = frozenset({"name", "words"})
_SHARE: Final = re.compile(r"(?P<number>\d+(?:\.(?P<decimals>\d+))?) ?%")
_COUNT: Final = r"\d[\d,]{0,14}(?:\.\d{1,6})?"  # Text of others is no number that cannot be one.
_PRICE: Final = re.compile(r"(?P<number>\d[\d,]*(?:\.\d+)?) (?P<currency>[A-Z]{3})")
_END: Final = re.compile(r"(?<=[.!?]) ")
_DATES: Final = ("%Y-%m-%d", "%d %B %Y")


def said(text: str) -> str:
    """A sentence of the rules, or several one after another, in the language of the request.

    >>> said("The offer is removed. This is not one of ours.")
    'The offer is removed. This is not one of ours.'
    """
    whole = _one(text)
    if whole is not None:
        return whole
    # The longest run of sentences that is known as one comes first: some are looked up in pairs.
    for end in reversed([found.start() for found in _END.finditer(text)]):
        head = _one(text[:end])
        if head is not None:
            return i18n.joined(head, said(text[end + 1 :]))
    first, _, rest = text.partition(". ")
    return i18n.joined(f"{first}.", said(rest)) if rest else text


def translated(text: str) -> str:
    """As `said`, where English stays to the letter what the rule wrote."""
    return text if i18n.tongue().language == ENGLISH else said(text)


def _one(text: str) -> str | None:
    """A text that is known as a whole."""
    if text in _plain():
        return i18n.gettext(text)
    for begins, pattern, one, many in _patterns():
        found = pattern.fullmatch(text) if text.startswith(begins) else None
        if found is not None:
            values = found.groupdict()
            said_of = {name: _value(name, value) for name, value in values.items()}
            return (
                i18n.gettext(one) if many is None else i18n.ngettext(one, many, float(values["n"].replace(",", "")))
            ) % said_of
    return None


def _value(name: str, value: str) -> str:
    """What was put into a sentence, in the language of the request; as it is where that cannot be written.

    Titles and names of others are put into sentences too, and can be made to look like a number that is none.
    """
    try:
        return _written(name, value)
    except (ArithmeticError, ValueError):
        return value


def _written(name: str, value: str) -> str:
    """A date or a number as the language writes it, a phrase of ours in that language."""
    if name == "date":
        for form in _DATES:
            try:
                return i18n.day(datetime.strptime(value, form).date())  # noqa: DTZ007  # a day has no zone
            except ValueError:
                continue
    if name in {"countries", "sold"}:
        return i18n.countries(value.split(", "))
    if name in _FREE:
        return value
    share = _SHARE.fullmatch(value)
    if share is not None:
        return own_words.percent(float(share["number"]) / 100, len(share["decimals"] or ""))
    price = _PRICE.fullmatch(value)
    if price is not None:
        return own_words.amount(Decimal(price["number"].replace(",", "")), price["currency"])
    plain = value.replace(",", "")
    if plain.replace(".", "", 1).isdecimal():
        return i18n.number(float(plain))
    return _one(value) or value


@cache
def _plain() -> frozenset[str]:
    return frozenset(one for one in _SENTENCES if not _PLACE.search(one))


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str], str, str | None], ...]:
    """Each sentence with a place in it: how it begins, and its pattern; the counts with the form of many."""
    single = [(_begins(one), _pattern(one), one, None) for one in _SENTENCES if _PLACE.search(one)]
    counts = [(_begins(form), _pattern(form), one, many) for one, many in _COUNTS for form in (one, many)]
    return (*single, *counts)


def _begins(sentence: str) -> str:
    """What stands before the first place: most of what a text is held against differs there already."""
    return sentence.partition("%(")[0]


def _pattern(sentence: str) -> re.Pattern[str]:
    pieces = _PLACE.split(sentence)
    return re.compile("".join(_group(one) if index % 2 else re.escape(one) for index, one in enumerate(pieces)))


def _group(name: str) -> str:
    """What may stand in a place: names and quoted words are as they are, all else is within its sentence."""
    if name == "n":
        return f"(?P<n>{_COUNT})"
    return f"(?P<{name}>.+?)" if name in _FREE else rf"(?P<{name}>(?:(?!\. ).)+?)"
