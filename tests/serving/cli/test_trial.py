from pathlib import Path

from tests.fixtures.promoting import first_approval
from tests.fixtures.runtimes import Site
from tests.serving.cli.commands import REFUSED, touchstone_in
from tests.serving.web.reports import admit_model, put_champion_in_force


def test_a_trial_is_started_shown_given_a_share_and_ended(site: Site, tmp_path: Path) -> None:
    put_champion_in_force(site)
    site.clock.forward(days=1)
    digest = admit_model(site, analyst_from=0.5)
    first_approval(site, digest)
    site.runtime.close()
    home, by = tmp_path / "home", ("--by", site.second_scientist.email)
    assert touchstone_in(home, "trial", "show").out == "No model is on trial.\n"
    assert touchstone_in(home, "trial", "start", digest[:8], *by).out == f"{digest[:12]} is on trial and only scores.\n"
    changed = touchstone_in(home, "trial", "share", "0.25", *by)
    assert changed.out == f"{digest[:12]} is on trial and decides about 25% of sellers.\n"
    shown = touchstone_in(home, "trial", "show").out
    assert "the challenger alone" in shown
    assert touchstone_in(home, "trial", "end", *by).out == f"{digest[:12]} is no longer on trial.\n"


def test_a_share_that_is_none_is_refused(home: Path) -> None:
    done = touchstone_in(home, "trial", "share", "0.5")
    assert (done.code, done.text) == (REFUSED, "No model is on trial.")
