"""Commands about a marketplace's receiver."""

from pathlib import Path

from tests.serving.commands.commands import REFUSED, touchstone_in


def test_a_receiver_in_a_private_network_is_not_tried(home: Path) -> None:
    for url in ("http://hooks.bazaar.example/", "https://10.0.0.1/"):
        done = touchstone_in(home, "webhook", "conformance", url, "--secret", "whsec_" + "a" * 32)
        assert done.code != 0
    assert "0 passed" in done.out
    assert "10.0.0.1, which is not a public address" in done.out


def test_a_status_address_names_where_the_listing_goes(home: Path) -> None:
    status = ("--status-url", "https://bazaar.example/status")
    secret = ("--secret", "whsec_" + "a" * 32)
    done = touchstone_in(home, "webhook", "conformance", "https://bazaar.example/", *secret, *status)
    assert done.code == REFUSED
    assert "A status address needs {listing} where the id goes." in done.text


def test_a_secret_is_changed_and_shown_once(home: Path) -> None:
    before = touchstone_in(home, "webhook", "add", "https://hooks.bazaar.example/").out
    done = touchstone_in(home, "webhook", "rotate", "--overlap-hours", "48")
    assert done.out.startswith("whsec_")
    assert done.out != before
