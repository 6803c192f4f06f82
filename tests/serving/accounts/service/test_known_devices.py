"""The mark of a browser by which an account is known."""

import pytest

from serving.accounts.service.known_devices import device_of
from serving.accounts.store import accounts
from tests.fixtures.runtimes import Site


@pytest.mark.parametrize("token", ["n.x.s", "n.²2.s", "n.1234567890123.s", "n.1.é"])
def test_a_malformed_mark_is_no_error_and_no_known_browser(site: Site, token: str) -> None:
    found = site.read(accounts.credentials, site.analyst.email)
    assert found is not None
    assert device_of(site.runtime, found, token, site.clock.now()) is None
