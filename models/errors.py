"""Errors that a user sees: a stable code, and a phrase that says what to do."""

from typing import ClassVar, Final, TypeVar

from features.phrase import Parameter, Phrase

T = TypeVar("T")
# A file, because the name `touchstone` on the public index is another project's.
WHEEL: Final = "./touchstone-0.1.0-py3-none-any.whl"


def install_line(extra: str) -> str:
    return f"pip install '{WHEEL}[{extra}]'"


class DomainError(Exception):
    """An expected refusal. Its code is stable; its phrase is for the person who caused it.

    The phrase is given as a template with parameters or as a `Phrase`. `sentence` is its English text.
    `retry_after_seconds` is the time after which the same request may succeed; None where repeating it does not help.
    """

    code: ClassVar[str] = "refused"
    retry_after_seconds: int | None = None

    def __init__(self, phrase: str | Phrase, /, **parameters: Parameter) -> None:
        self.phrase = phrase if isinstance(phrase, Phrase) else Phrase(phrase, **parameters)
        self.sentence = str(self.phrase)
        super().__init__(self.sentence)


class NotFound(DomainError):
    """The object does not exist or belongs to another party; the error does not say which."""

    code = "not_found"


class Forbidden(DomainError):
    """The person is authenticated but not allowed to do this."""

    code = "forbidden"


class NoRightCarries(Forbidden):
    """A brand has no valid right on file for this notice; the sentence names the right and the reason."""

    code = "no_right_carries"


class Conflict(DomainError):
    """A concurrent change came first; nothing was overwritten."""

    code = "conflict"


class Busy(Conflict):
    """A change that takes a moment is in progress; the same request may succeed after it."""

    retry_after_seconds = 1


class WorkInProgress(Conflict):
    """Work that takes minutes is in progress; the same request may succeed after it."""

    retry_after_seconds = 60


class DeadlinePassed(Conflict):
    """The deadline has passed."""

    code = "too_late"


class Invalid(DomainError):
    """The request is invalid."""

    code = "invalid"


class BrandNotNamed(Invalid):
    """Nobody has named the brand of a case, so nothing can be removed for it."""

    code = "brand_not_named"

    def __init__(self) -> None:
        super().__init__("Name the brand first: choose a registered brand, or enter the mark and its owner.")


class Unavailable(DomainError):
    """This process cannot do it now; another process or a later attempt may."""

    code = "unavailable"
    retry_after_seconds: int = 10


class BundleRefused(DomainError):
    """A model bundle is damaged, incomplete, or made for other features."""

    code = "bundle_refused"


class BundleTooSlow(BundleRefused):
    """A bundle was not loaded in time, which tells of the machine and not of the bundle."""


def require(record: T | None, unless: str | Phrase, error: type[DomainError] = NotFound) -> T:
    """The value, unless it is None. Raises the error (there is no value; `unless` is its phrase)."""
    if record is None:
        raise error(unless)
    return record
