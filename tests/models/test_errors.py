import pytest

from features.phrase import Phrase
from models.errors import BundleRefused, Conflict, DomainError, Forbidden, Invalid, NotFound

CODES = [
    (NotFound, "not_found"),
    (Forbidden, "forbidden"),
    (Conflict, "conflict"),
    (Invalid, "invalid"),
    (BundleRefused, "bundle_refused"),
    (DomainError, "refused"),
]


@pytest.mark.parametrize(("error", "code"), CODES)
def test_an_error_has_a_stable_code(error: type[DomainError], code: str) -> None:
    assert error.code == code


@pytest.mark.parametrize("error", [row[0] for row in CODES])
def test_an_error_carries_its_sentence(error: type[DomainError]) -> None:
    refusal = error("Nothing was changed.")
    assert (refusal.sentence, str(refusal)) == ("Nothing was changed.", "Nothing was changed.")


def test_an_error_carries_its_template_and_what_is_put_into_it() -> None:
    refusal = Invalid("A note can have at most {most:,} characters.", most=2_000)
    assert refusal.phrase == Phrase("A note can have at most {most:,} characters.", most=2_000)
    assert refusal.sentence == str(refusal) == "A note can have at most 2,000 characters."
    assert Conflict(refusal.phrase).phrase is refusal.phrase


@pytest.mark.parametrize("text", ["{most}", "{", "}", "{0.__class__}", "{{x}}", "%(n)s"])
def test_braces_in_data_are_no_places(text: str) -> None:
    assert Invalid(text).sentence == text
    assert Invalid("{name} is unknown.", name=text).sentence == f"{text} is unknown."
    assert Invalid("Row {n}: {why}", n=1, why=Phrase("{name} is unknown.", name=text)).sentence == (
        f"Row 1: {text} is unknown."
    )


def test_every_error_has_a_code_of_its_own() -> None:
    assert len({error.code for error in DomainError.__subclasses__()}) == len(DomainError.__subclasses__())
