import pytest

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


def test_every_error_has_a_code_of_its_own() -> None:
    assert len({error.code for error in DomainError.__subclasses__()}) == len(DomainError.__subclasses__())
