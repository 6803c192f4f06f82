"""Messages of rules in the language of the page's reader."""

from datetime import date
from typing import Any

from features.message import Amount, Message
from models.messages.english import Sentence, fill, in_english, percent_digits, places, sentences, without_forms
from serving.platform import tongues
from serving.platform.languages import ENGLISH
from serving.web.wording import words


def in_words(found: Message) -> str:
    """The sentence of a message, with numbers, amounts and days as the reader's language writes them."""
    if tongues.tongue().language == ENGLISH:
        return in_english(found)
    sentence = sentences()[found.code]
    hows = dict(places(sentence.text))
    return fill(_template(sentence, found), found.parameters, _written, hows)


def _template(sentence: Sentence, found: Message) -> str:
    one = without_forms(sentence.text)
    if sentence.other is None:
        return tongues.gettext(one)
    return tongues.ngettext(one, without_forms(sentence.other), found.parameters["n"])


def _written(value: Any, how: str) -> str:
    match value:
        case Message():
            return in_words(value)
        case Amount():
            return words.amount(value.value, value.currency)
        case date():
            return tongues.day(value)
        case tuple():
            return _listed(value, how)
        case str():
            return value
        case _:
            return _figure(value, how)


def _listed(values: tuple[Any, ...], how: str) -> str:
    if how == "countries" and values:
        return words.countries(list(values))
    written = [_written(one, "") for one in values]
    return ", ".join(map(words.quoted, written) if how == "quoted" else written)


def _figure(value: float, how: str) -> str:
    if how == "%":
        return words.percent(value, percent_digits(value))
    if how == "g":
        return tongues.number(value)
    decimals = int(how.rstrip("f%").partition(".")[2] or 0)
    return words.percent(value, decimals) if how.endswith("%") else tongues.number(round(value, decimals))
