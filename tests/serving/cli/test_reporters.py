from pathlib import Path

from tests.fixtures.notifying import EMAIL, a_listing, notify
from tests.fixtures.runtimes import Site
from tests.serving.cli.commands import REFUSED, touchstone_in


def test_a_reporter_is_registered_listed_and_its_key_ended(home: Path) -> None:
    made = touchstone_in(
        home, "reporter", "add", "Customs Watch", "--email", "customs@watch.example", "--kind", "trusted_flagger"
    )
    reporter_id, key = made.out.split()
    assert key.startswith(f"tsr.{reporter_id}.")
    listed = touchstone_in(home, "reporter", "list").out
    assert f"{reporter_id}  trusted_flagger  Customs Watch <customs@watch.example>" in listed
    assert "No notice was decided in 365 days." in listed
    refused = touchstone_in(home, "reporter", "mute", reporter_id, "--reason", "x")
    assert refused.code == REFUSED
    assert "Nobody is muted without a warning before" in refused.text
    assert touchstone_in(home, "reporter", "unmute", reporter_id, "--reason", "x").code == REFUSED
    assert touchstone_in(home, "reporter", "revoke", reporter_id).out == f"The key of {reporter_id} is revoked.\n"


def test_a_kind_that_is_none_is_refused(home: Path) -> None:
    done = touchstone_in(home, "reporter", "add", "Watch", "--email", "a@b.example", "--kind", "friend")
    assert done.code == REFUSED
    assert "friend is none of" in done.text


def test_an_erasure_of_a_reporter_is_shown_before_it_is_done(site: Site, tmp_path: Path) -> None:
    a_listing(site)
    notify(site, "MP-1")
    site.runtime.close()
    home = tmp_path / "home"
    assert touchstone_in(home, "reporter", "list").out.count(EMAIL) == 1
    shown = touchstone_in(home, "erase", "reporter", EMAIL).out
    assert "Would be erased: name, address, and what was written in 1 notices." in shown
    assert "is still open" in shown
    assert "Nothing was erased. Run it again with --yes." in shown
    assert "is still open" in touchstone_in(home, "erase", "reporter", EMAIL, "--yes").out
    assert touchstone_in(home, "erase", "reporter", "nobody@example.org").code == REFUSED
