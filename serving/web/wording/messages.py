"""Messages of rules in the language of the page's reader."""

from datetime import date
from typing import Any

from features.message import Amount, Message
from models.messages.catalogue import Sentence, sentences
from models.messages.english import in_english
from models.messages.filling import fill, percent_digits, places, without_forms
from serving.platform.languages import ENGLISH
from serving.web.wording import i18n, own_words


def in_words(found: Message) -> str:
    """The sentence of a message, with numbers, amounts and days as the reader's language writes them."""
    if i18n.tongue().language == ENGLISH:
        return in_english(found)
    sentence = sentences()[found.code]
    hows = dict(places(sentence.text))
    return fill(_template(sentence, found), found.parameters, _written, hows)


def _template(sentence: Sentence, found: Message) -> str:
    one = without_forms(sentence.text)
    if sentence.other is None:
        return i18n.gettext(one)
    return i18n.ngettext(one, without_forms(sentence.other), found.parameters["n"])


def _written(value: Any, how: str) -> str:
    match value:
        case Message():
            return in_words(value)
        case Amount():
            return own_words.amount(value.value, value.currency)
        case date():
            return i18n.day(value)
        case tuple():
            return _listed(value, how)
        case str():
            return value
        case _:
            return _figure(value, how)


def _listed(values: tuple[Any, ...], how: str) -> str:
    if how == "countries" and values:
        return i18n.countries(list(values))
    written = [_written(one, "") for one in values]
    return ", ".join(map(i18n.quoted, written) if how == "quoted" else written)


def _figure(value: float, how: str) -> str:
    if how == "%":
        return own_words.percent(value, percent_digits(value))
    if how == "g":
        return i18n.number(value)
    decimals = int(how.rstrip("f%").partition(".")[2] or 0)
    return own_words.percent(value, decimals) if how.endswith("%") else i18n.number(round(value, decimals))
