import json
from datetime import UTC, datetime
from pathlib import Path

from models.case import CaseLane
from models.verdict import Judgement
from tests.fixtures.reviewing import a_case, judge
from tests.fixtures.runtimes import Site
from tests.serving.cli.commands import REFUSED, touchstone_in
from tests.serving.standing.test_service import suspend


def to_the_present(site: Site) -> None:
    """Move the clock to ten minutes before now, the time of a command: the undo window has closed by then."""
    site.clock.forward(seconds=(datetime.now(UTC) - site.clock.now()).total_seconds() - 600)


def test_a_standing_is_explained_with_its_counts_and_what_would_change_it(site: Site, tmp_path: Path) -> None:
    to_the_present(site)
    judge(site, site.brand_person, a_case(site, CaseLane.ASK_BRAND), Judgement.COUNTERFEIT)
    site.runtime.close()
    home = tmp_path / "home"
    told = touchstone_in(home, "standing", "explain", "Aurelle").out
    assert told.startswith("Provisional standing: a confirmation removes the listing at once")
    assert "1 of 1 accepted (100.00%), 0 rejected, 0 overturned (0.00%)" in told
    assert "15 more accepted outcomes would lead to full standing." in told
    assert ", StandingPolicy:" in told
    found = json.loads(touchstone_in(home, "standing", "explain", "Aurelle", "--json").out)
    assert found["counts"]["trademark_counterfeit"]["accepted"] == 1
    assert (found["removes_at_once"], found["audit_share"], found["history"]) == (True, "0.10", [])


def test_every_enrolled_brand_is_listed_and_a_loss_is_shown_with_its_history(site: Site, tmp_path: Path) -> None:
    to_the_present(site)
    suspend(site)
    since = site.clock.now().isoformat()
    site.runtime.close()
    home = tmp_path / "home"
    listed = touchstone_in(home, "standing", "list").out
    assert "suspended" in listed
    assert "Solenne" in listed
    assert f"{since}  suspended" in touchstone_in(home, "standing", "explain", "Aurelle").out
    assert set(json.loads(touchstone_in(home, "standing", "list", "--json").out)) == {"Aurelle", "Solenne"}


def test_a_brand_that_is_not_enrolled_is_refused(home: Path) -> None:
    assert touchstone_in(home, "standing", "explain", "Nobody").code == REFUSED
