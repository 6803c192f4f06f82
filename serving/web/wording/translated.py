"""The pages that are translated, and messages of rules in the language of the page's reader; others are in English."""

from datetime import date
from decimal import Decimal
from functools import cache
from string import Formatter
from typing import Any, Final

from features.message import Amount, Message
from features.phrase import Parameter, Phrase, Reasons
from models.errors import DomainError
from models.messages.english import (
    Sentence,
    fill_template,
    in_english,
    percent_digits,
    placeholders,
    sentences,
    without_forms,
)
from serving.platform import tongues
from serving.platform.languages import ENGLISH
from serving.web.wording import words

TRANSLATED: Final = frozenset(
    {
        "base.html", "brand.html", "brand_service_accounts.html", "brand_dashboard.html", "brand_limits.html",
        "brand_macros.html", "brand_messages.html", "brand_people.html", "brand_question.html", "brand_removals.html",
        "brand_prices.html", "brand_report.html", "brand_report_state.html", "brand_rights.html",
        "brand_sellers.html", "brand_standing.html", "brand_indicators.html", "certification.html",
        "counter_notices.html", "error.html", "macros.html", "notice.html", "notice_confirmation.html",
        "notice_form.html", "parts/brand_keys.html", "parts/brand_tabs.html", "parts/dashboard.html",
        "parts/done.html", "parts/evidence.html", "parts/help_link.html", "parts/removals.html",
        "parts/standing.html", "parts/thread.html", "parts/onboarding.html", "parts/undo.html", "reset.html",
        "second_factor.html", "second_step.html", "stop_removals.html", "stop_report.html", "seller.html",
        "settings.html", "unsubscribe.html", "sign_in.html", "takedown.html",
    }
)  # fmt: skip


def in_words(message: Message) -> str:
    """The sentence of a message, with numbers, amounts and days as the reader's language writes them."""
    if tongues.current_tongue().language == ENGLISH:
        return in_english(message)
    sentence = sentences()[message.code]
    hows = dict(placeholders(sentence.text))
    return fill_template(_translated_template(sentence, message), message.parameters, _value_in_words, hows)


def _translated_template(sentence: Sentence, message: Message) -> str:
    singular = without_forms(sentence.text)
    if sentence.other is None:
        return tongues.gettext(singular)
    return tongues.ngettext(singular, without_forms(sentence.other), message.parameters["n"])


def _value_in_words(parameter: Any, how: str) -> str:
    match parameter:
        case Message():
            return in_words(parameter)
        case Amount():
            return words.amount(parameter.value, parameter.currency)
        case date():
            return tongues.day(parameter)
        case tuple():
            return _list_in_words(parameter, how)
        case str():
            return parameter
        case _:
            return _figure_in_words(parameter, how)


def _list_in_words(values: tuple[Any, ...], how: str) -> str:
    if how == "countries" and values:
        return words.country_names(list(values))
    written = [_value_in_words(parameter, "") for parameter in values]
    return ", ".join(map(words.quote, written) if how == "quoted" else written)


def _figure_in_words(number: float, how: str) -> str:
    if how == "%":
        return words.percent(number, percent_digits(number))
    if how == "g":
        return tongues.number(number)
    decimals = int(how.rstrip("f%").partition(".")[2] or 0)
    return words.percent(number, decimals) if how.endswith("%") else tongues.number(round(number, decimals))


def refusal_in_words(error: DomainError) -> str:
    """The reason for a refusal in the reader's language."""
    return phrase_in_words(error.phrase)


def phrase_in_words(phrase: Phrase) -> str:
    """A phrase of the rules in the reader's language; one without a translation stays English.

    >>> phrase_in_words(Phrase("A note has at most {most:,} characters.", most=2_000))
    'A note has at most 2,000 characters.'
    """
    if tongues.current_tongue().language == ENGLISH:
        return str(phrase)
    if not phrase.parameters:
        return tongues.gettext(phrase.template)
    values = {
        name: _parameter_in_words(parameter, _format_of(phrase.template, name))
        for name, parameter in phrase.parameters.items()
    }
    return tongues.gettext(without_forms(phrase.template)).format(**values)


@cache
def _format_of(template: str, parameter: str) -> str:
    return next((spec or "" for _, name, spec, _ in Formatter().parse(template) if name == parameter), "")


def _parameter_in_words(parameter: Parameter, spec: str) -> str:
    match parameter:
        case Phrase():
            return phrase_in_words(parameter)
        case Reasons():
            return tongues.join_sentences(*map(in_words, parameter.messages))
        case int() | float() | Decimal():
            return tongues.number(float(parameter))
        case date():
            return tongues.day(parameter)
        case _:
            return format(parameter, spec)
