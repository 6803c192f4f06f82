"""Obfuscations of a name that people can read but searches miss, and typing errors that look similar."""

from collections.abc import Callable
from typing import Final

from training.simulated.chance import Random, one_of

_LOOK_ALIKES: Final = str.maketrans("aeopcyxKABEHMT", "аеорсухКАВЕНМТ")
_STAND_INS: Final = str.maketrans("oelia", "03114")


def _invisible(name: str, at: int) -> str:
    return f"{name[:at]}\u200b{name[at:]}"


def _look_alike(name: str, at: int) -> str:
    return name[:at] + name[at:].translate(_LOOK_ALIKES)


def _stand_in(name: str, at: int) -> str:
    return name[:at] + name[at:].translate(_STAND_INS)


def _spaced(name: str, _at: int) -> str:
    return " ".join(name.replace(" ", ""))


def _dotted(name: str, at: int) -> str:
    return f"{name[:at]}.{name[at:]}"


def _starred(name: str, at: int) -> str:
    return f"{name[:at]}*{name[at + 1 :]}"


_WAYS: Final[tuple[Callable[[str, int], str], ...]] = (_invisible, _look_alike, _stand_in, _spaced, _dotted, _starred)


def obfuscated(random: Random, name: str) -> str:
    """The name written in one of six ways that a search for it misses."""
    return one_of(random, _WAYS)(name, 1 + int(random.random() * (len(name) - 2)))


def mistyped(random: Random, text: str) -> str:
    """The text with two neighbouring characters swapped, a common typing error."""
    at = int(random.random() * (len(text) - 1))
    return f"{text[:at]}{text[at + 1]}{text[at]}{text[at + 2 :]}" if len(text) > 1 else text
