"""Which passwords are refused because a guesser tries them first, and how many wrong ones are allowed."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final

from serving.accounts.policy import Allowance

SERVICE: Final = "touchstone"
_SHORTEST_WORD: Final = 3  # Shorter parts of a name occur in too many words.
_REPEATED: Final = re.compile(r"(.{1,5}?)\1+.{0,4}", re.DOTALL)
_FEWEST_DIFFERENT: Final = 5
_MOST_AROUND_A_WORD: Final = 8
_LEAST_OF_ONES_OWN: Final = 4
# How a guesser's rules write letters: https://hashcat.net/wiki/doku.php?id=rule_based_attack
_AS_LETTERS: Final = str.maketrans("013457@$!", "oieastasi")


class Weakness(StrEnum):
    """Why a password is easily guessed."""

    COMMON = "common"
    REPEATED = "repeated"
    OWN = "own"


def weakness(password: str, common: frozenset[str], own: Iterable[str]) -> Weakness | None:
    """Why a password is easily guessed; None where nothing here says so.

    `common` are passwords and words in small letters; `own` are the person's name and e-mail address.

    Notes
    -----
    No mix of kinds of characters is asked for, because people meet it in ways that guessers know (NIST SP 800-63B
    5.1.1.2). A passphrase of several words is never refused here, whichever words they are.
    """
    folded = password.casefold().strip()
    if len(set(folded)) < _FEWEST_DIFFERENT or _REPEATED.fullmatch(folded) or _is_sequence(folded):
        return Weakness.REPEATED
    if _is_common(folded, common):
        return Weakness.COMMON
    return Weakness.OWN if _consists_of_own_words(folded, own) else None


def _is_sequence(text: str) -> bool:
    """Whether each character follows the one before, upwards or downwards: 1234567890, or zyxwvutsrq."""
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    return steps <= {1, -9} or steps <= {-1, 9}


def _is_common(text: str, common: frozenset[str]) -> bool:
    """Whether it is a common password, or a common word between digits and marks."""
    word = re.sub(r"^[^a-z]+|[^a-z]+$", "", text)
    if len(text) - len(word) > _MOST_AROUND_A_WORD:
        word = text
    return not common.isdisjoint({text, word, word.translate(_AS_LETTERS)})


def _consists_of_own_words(text: str, own: Iterable[str]) -> bool:
    """Whether little is left of it without the person's own words, the service's name, digits and marks."""
    words = {SERVICE}
    for own_text in own:
        words.update(part for part in re.split(r"[\W_\d]+", own_text.casefold()) if len(part) >= _SHORTEST_WORD)
    rest = text
    for word in sorted(words, key=lambda word: (-len(word), word)):
        rest = rest.replace(word, "")
    return rest != text and sum(character.isalpha() for character in rest) < _LEAST_OF_ONES_OWN


def wait_before_attempt(spent_until: datetime | None, now: datetime, allowance: Allowance) -> timedelta | None:
    """The time until an attempt is allowed; None where it is allowed now."""
    after = counter_after_attempt(spent_until, now, allowance) - now
    allowed = allowance.burst * allowance.each
    return after - allowed if after > allowed else None


def counter_after_attempt(spent_until: datetime | None, now: datetime, allowance: Allowance) -> datetime:
    """The counter after an attempt."""
    return max(spent_until or now, now) + allowance.each


def counter_without_attempt(spent_until: datetime, allowance: Allowance) -> datetime:
    """The counter without one attempt: it was no wrong password."""
    return spent_until - allowance.each
