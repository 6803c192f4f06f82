"""Small forests for all tests of training: what they are about does not depend on the size."""

from collections.abc import Iterator

import pytest

from tests.fixtures.fitting import small_forests


@pytest.fixture(scope="package", autouse=True)
def forests_of_tests() -> Iterator[None]:
    """Every fit in this process has them, but for one that names its settings."""
    with pytest.MonkeyPatch.context() as patch:
        small_forests(patch)
        yield
