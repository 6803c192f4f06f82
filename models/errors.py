"""Errors that a user sees: a stable code, and a phrase that says what to do."""

from typing import ClassVar, TypeVar

from features.phrase import Parameter, Phrase

T = TypeVar("T")


class DomainError(Exception):
    """An expected refusal. Its code is stable; its phrase is for the person who caused it.

    It is given as a template with parameters, or made already. `sentence` is the phrase in English.
    """

    code: ClassVar[str] = "refused"

    def __init__(self, phrase: str | Phrase, /, **parameters: Parameter) -> None:
        self.phrase = phrase if isinstance(phrase, Phrase) else Phrase(phrase, **parameters)
        self.sentence = str(self.phrase)
        super().__init__(self.sentence)


class NotFound(DomainError):
    """There is no such thing, or it belongs to somebody else: the two are not told apart."""

    code = "not_found"


class Forbidden(DomainError):
    """The person is known and may not do this."""

    code = "forbidden"


class NoRightCarries(Forbidden):
    """A brand has no right on file that carries this notice, here and now; the sentence says which and why."""

    code = "no_right_carries"


class Conflict(DomainError):
    """Somebody or something was faster; nothing was overwritten."""

    code = "conflict"


class TooLate(Conflict):
    """The time for it has passed."""

    code = "too_late"


class Invalid(DomainError):
    """The request makes no sense as it stands."""

    code = "invalid"


class BundleRefused(DomainError):
    """A model bundle is damaged, incomplete, or made for other features."""

    code = "bundle_refused"


def required(found: T | None, unless: str | Phrase) -> T:
    """Return the value that was found.

    Raises
    ------
    NotFound
        There is no value; `unless` is the phrase of the error.
    """
    if found is None:
        raise NotFound(unless)
    return found
