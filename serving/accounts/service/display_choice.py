"""A person's display settings; they change no other person's pages."""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import TypeVar

from features.phrase import Phrase
from models.errors import Invalid
from serving.accounts.rules.access import Person
from serving.accounts.store import display_settings
from serving.platform.display import DEFAULT_DISPLAY, Density, Display, Theme, time_zones
from serving.platform.languages import Language, languages
from serving.platform.runtime import Runtime

_Word = TypeVar("_Word", bound=StrEnum)


def save_choice(runtime: Runtime, person: Person, before: Display, settings: Mapping[str, str]) -> Display:
    """Store the given settings; the others stay as before. Returns the settings now in force.

    Raises Invalid (a value is not one of the options; nothing is stored then).
    """
    chosen = replace(
        before,
        time_zone=_valid_zone(settings.get("time_zone", before.time_zone)),
        language=_valid_language(settings.get("language", before.language)),
        density=_valid_option(
            Density,
            settings.get("density", before.density),
            Phrase("This density does not exist. Choose one from the list."),
        ),
        theme=_valid_option(
            Theme, settings.get("theme", before.theme), Phrase("This theme does not exist. Choose one from the list.")
        ),
        hidden_columns=settings.get("hidden_columns", before.hidden_columns),
        letter_keys=_is_on(settings.get("letter_keys", "on" if before.letter_keys else "off")),
    )
    with runtime.store.write() as connection:
        display_settings.save(connection, person.user_id, chosen, runtime.clock.now())
    return chosen


def set_initial_language(runtime: Runtime, person: Person, language: Language) -> None:
    """Store the language of the sign-in, unless the person has chosen settings."""
    if language == DEFAULT_DISPLAY.language:
        return
    with runtime.store.write() as connection:
        display_settings.save_initial(
            connection, person.user_id, replace(DEFAULT_DISPLAY, language=language), runtime.clock.now()
        )


def _valid_zone(name: str) -> str:
    if name not in time_zones():
        raise Invalid("This time zone is not known here. Choose one from the list.")
    return name


def _valid_language(language: str) -> Language:
    if language not in languages():
        raise Invalid("This language does not exist. Choose one from the list.")
    return Language(language)


def _valid_option(kind: type[_Word], word: str, unless: Phrase) -> _Word:
    if word not in set(kind):
        raise Invalid(unless)
    return kind(word)


def _is_on(on_or_off: str) -> bool:
    if on_or_off not in {"on", "off"}:
        raise Invalid("Keyboard shortcuts can only be on or off.")
    return on_or_off == "on"
