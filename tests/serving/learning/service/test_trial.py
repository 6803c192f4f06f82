import pytest
from sqlalchemy import select

from models.case import CaseLane
from models.errors import Conflict, Forbidden
from models.routing import Lane
from models.verdict import Judgement
from serving.audit.store import audit
from serving.intake.service.intake import receive
from serving.learning.service import trial
from serving.learning.store import learning
from serving.listings.tables import score
from serving.scoring.rules.trial import decides
from serving.scoring.service.bundles import BundleStore
from serving.scoring.service.on_trial import Trials, follow_trials
from serving.scoring.store import trials
from serving.scoring.store.trials import Trial
from tests.fixtures.listings import a_row
from tests.fixtures.promoting import first_approval, promote
from tests.fixtures.reviewing import judge, open_cases
from tests.fixtures.runtimes import Site
from tests.serving.web.reports import admit_model


def with_challenger(site: Site) -> str:
    """A champion that flags nothing, and a challenger that would ask about everything; returns the challenger."""
    promote(site, admit_model(site, analyst_from=0.998))
    site.clock.forward(days=1)
    return admit_model(site, ask_brand_from=0.001)


# At .99, one trial in a hundred would leave a seller of these tests to the champion.
NEARLY_ALL = 1 - 1e-9


def scientist(site: Site) -> str:
    return f"user:{site.data_scientist.user_id}"


def second(site: Site) -> str:
    return f"user:{site.second_scientist.user_id}"


def started(site: Site, *, share: float = 0.0) -> Trial:
    """The challenger on trial, approved by one and started by another."""
    first_approval(site, with_challenger(site))
    return trial.start(site.runtime, site.marketplace, name="challenger", share=share, by=second(site))


def send(site: Site, many: int, *, first: int = 0) -> list[Lane | None]:
    rows = [
        a_row(external_id=f"MP-{first + i}", seller={"external_id": f"shop-{first + i}"}, price=f"{400 + i}.00")
        for i in range(many)
    ]
    return [answer.lane for answer in receive(site.runtime, site.marketplace, rows, source="test")]


def shown(site: Site, found: Trial) -> dict[str, int]:
    with site.runtime.store.read() as connection:
        compared = trial.shown_so_far(site.runtime, connection, found)
    cells = {name: getattr(compared, name).listings for name in ("both", "only_champion", "only_challenger", "neither")}
    return {name: number for name, number in cells.items() if number}


def test_a_model_that_looks_on_scores_everything_and_decides_nothing(any_site: Site) -> None:
    site = any_site
    found = started(site)
    assert Lane.ASK_BRAND not in send(site, 5)
    assert shown(site, found) == {"only_challenger": 5}
    with site.runtime.store.read() as connection:
        rows = list(trials.scores(connection, site.here, found.trial_id))
    assert {challenger for _, _, challenger in rows} == {Lane.ASK_BRAND}


def test_with_a_share_it_decides_about_those_sellers_and_no_others(any_site: Site) -> None:
    site = any_site
    found = started(site, share=0.5)
    lanes = send(site, 20)
    expected = [decides(found.trial_id, f"shop-{i}", 0.5) for i in range(20)]
    assert [lane is Lane.ASK_BRAND for lane in lanes] == expected
    assert 0 < sum(expected) < 20


def test_every_score_names_the_model_that_decided(site: Site) -> None:
    found = started(site, share=0.5)
    send(site, 12)
    with site.runtime.store.read() as connection:
        champion = learning.champions(connection)[site.here]
        scorers = set(connection.execute(select(score.c.scorer)).scalars())
    assert scorers == {champion, found.digest}


def test_when_it_ends_the_champion_decides_about_everybody_again(site: Site) -> None:
    found = started(site, share=NEARLY_ALL)
    assert Lane.ASK_BRAND in send(site, 5)
    trial.end(site.runtime, site.marketplace, by=scientist(site))
    assert Lane.ASK_BRAND not in send(site, 5, first=10)
    assert sum(shown(site, found).values()) == 5


def test_what_was_flagged_is_known_once_people_have_answered(site: Site) -> None:
    found = started(site, share=NEARLY_ALL)
    send(site, 3)
    for case in open_cases(site, CaseLane.ASK_BRAND):
        judge(site, site.brand_person, case, Judgement.COUNTERFEIT)
    site.clock.forward(days=20)
    with site.runtime.store.read() as connection:
        compared = trial.shown_so_far(site.runtime, connection, found)
    assert compared.only_challenger.counterfeit == compared.only_challenger.listings > 0


def test_to_decide_takes_somebody_else_s_approval(site: Site) -> None:
    digest = with_challenger(site)
    with pytest.raises(Forbidden, match="approval by 1 more"):
        trial.start(site.runtime, site.marketplace, name=digest, share=0.1, by=scientist(site))
    trial.start(site.runtime, site.marketplace, name=digest, share=0.0, by=scientist(site))
    first_approval(site, digest)
    with pytest.raises(Forbidden):
        trial.change_share(site.runtime, site.marketplace, share=0.1, by=scientist(site))
    trial.change_share(site.runtime, site.marketplace, share=0.1, by=second(site))
    with site.runtime.store.read() as connection:
        (found,) = trials.open_trials(connection, site.here)
        assert found.share == 0.1
        assert audit.check(connection)[1] is None


def test_one_model_is_on_trial_at_a_time_and_never_the_champion(site: Site) -> None:
    started(site)
    with pytest.raises(Conflict, match="on trial already"):
        trial.start(site.runtime, site.marketplace, name="challenger", share=0.0, by=second(site))
    trial.end(site.runtime, site.marketplace, by=second(site))
    with pytest.raises(Conflict, match="champion already"):
        trial.start(site.runtime, site.marketplace, name="champion", share=0.0, by=second(site))
    with pytest.raises(Conflict, match="No model is on trial"):
        trial.end(site.runtime, site.marketplace, by=second(site))


def test_a_trial_whose_bundle_is_gone_stops_no_intake(site: Site) -> None:
    found = started(site)
    for path in site.runtime.services[BundleStore].folder(found.digest).iterdir():
        path.unlink()
    site.runtime.services[Trials].follow([], site.runtime.services[BundleStore])
    follow_trials(site.runtime)
    assert site.runtime.services[Trials].of(site.here) is None
    assert len(send(site, 2)) == 2
