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
    found = error("Nothing was changed.")
    assert (found.sentence, str(found)) == ("Nothing was changed.", "Nothing was changed.")


def test_an_error_carries_its_template_and_what_is_put_into_it() -> None:
    found = Invalid("A note can have at most {most:,} characters.", most=2_000)
    assert found.phrase == Phrase("A note can have at most {most:,} characters.", most=2_000)
    assert found.sentence == str(found) == "A note can have at most 2,000 characters."
    assert Conflict(found.phrase).phrase is found.phrase


@pytest.mark.parametrize("data", ["{most}", "{", "}", "{0.__class__}", "{{x}}", "%(n)s"])
def test_braces_in_data_are_no_places(data: str) -> None:
    assert Invalid(data).sentence == data
    assert Invalid("{name} is unknown.", name=data).sentence == f"{data} is unknown."
    assert Invalid("Row {n}: {why}", n=1, why=Phrase("{name} is unknown.", name=data)).sentence == (
        f"Row 1: {data} is unknown."
    )


def test_every_error_has_a_code_of_its_own() -> None:
    assert len({error.code for error in DomainError.__subclasses__()}) == len(DomainError.__subclasses__())
