"""Commands about a marketplace's receiver."""

from pathlib import Path

from tests.serving.cli.commands import REFUSED, touchstone_in


def test_without_a_receiver_and_dead_letters_it_says_so(home: Path) -> None:
    done = touchstone_in(home, "webhook", "dead-letters")
    assert done.out == "No webhook endpoint is registered.\nThere are no dead letters.\n"


def test_a_receiver_that_answers_is_named(home: Path) -> None:
    touchstone_in(home, "webhook", "add", "https://hooks.bazaar.example/")
    assert touchstone_in(home, "webhook", "dead-letters").out.startswith("https://hooks.bazaar.example/ answers.\n")


def test_replaying_nothing_and_what_there_is_not(home: Path) -> None:
    assert touchstone_in(home, "webhook", "replay", "--all").out == "0 actions are sent again.\n"
    done = touchstone_in(home, "webhook", "replay", "act_none")
    assert (done.code, done.text) == (REFUSED, "There is no such action.")


def test_only_who_administers_may_be_named_for_a_replay(home: Path) -> None:
    done = touchstone_in(home, "webhook", "replay", "--by", "ines@touchstone.example")
    assert (done.code, done.text) == (REFUSED, "The role of ines@touchstone.example does not include this.")


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
    assert before.strip() not in touchstone_in(home, "webhook", "dead-letters").out
