"""Sites with a history to tamper with."""

import pytest

from tests.fixtures.decided import a_history
from tests.fixtures.runtimes import Site, having


@pytest.fixture
def lived_site(any_site: Site) -> Site:
    """A site with this history, on either engine."""
    having(any_site, a_history)
    return any_site
