"""Reasons for refusals, in the reader's language.

Catalogue keys use bare placeholders, `{most}` for `{most:,}`, because each language formats numbers and days in its own
way. English is exactly the text of the rule.
"""

from datetime import date
from decimal import Decimal
from functools import cache
from string import Formatter

from features.phrase import Parameter, Phrase, Reasons
from models.errors import DomainError
from models.messages.english import without_forms
from serving.platform import tongues
from serving.platform.languages import ENGLISH
from serving.web.wording.translated import in_words


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
