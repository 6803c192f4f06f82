from datetime import timedelta

import pytest
from sqlalchemy import select

from models.case import CaseLane
from models.errors import Conflict, Forbidden, NotFound
from models.routing import Lane
from models.verdict import Judgement
from serving.audit.store import audit
from serving.learning.service import trial
from serving.learning.service.rescore import RescoredVersion, model_named, rescore, rescoring_summary
from serving.learning.store import learning
from serving.listings.service.intake import receive_rows
from serving.listings.store import scores
from serving.listings.tables import score
from serving.scoring.rules.trial import does_challenger_decide
from serving.scoring.service.bundles import BundleStore
from serving.scoring.service.scoring import Trials, follow_trials
from serving.scoring.store import trials
from serving.scoring.store.trials import Trial
from tests.fixtures.clocks import NOW
from tests.fixtures.promoting import first_approval, promote
from tests.fixtures.runtimes import EVIDENCE, Site, a_case, a_row, judge, open_cases
from tests.serving.web.reports import admit_model, put_champion_in_force


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


def started_trial(site: Site, *, share: float = 0.0) -> Trial:
    """The challenger on trial, approved by one and started by another."""
    first_approval(site, with_challenger(site))
    return trial.start(site.runtime, site.marketplace, name="challenger", share=share, by=second(site))


def send(site: Site, many: int, *, first: int = 0) -> list[Lane | None]:
    rows = [
        a_row(
            external_id=f"MP-{first + i}",
            seller={"external_id": f"shop-{first + i}"},
            price=f"{400 + i}.00",
            **EVIDENCE,
        )
        for i in range(many)
    ]
    return [answer.lane for answer in receive_rows(site.runtime, site.marketplace, rows, source="test")]


def shown_counts(site: Site, open_trial: Trial) -> dict[str, int]:
    with site.runtime.store.read() as connection:
        compared = trial.comparison_so_far(site.runtime, connection, open_trial)
    cells = {name: getattr(compared, name).listings for name in ("both", "only_champion", "only_challenger", "neither")}
    return {name: number for name, number in cells.items() if number}


def test_a_model_that_looks_on_scores_everything_and_decides_nothing(any_site: Site) -> None:
    site = any_site
    open_trial = started_trial(site)
    assert Lane.ASK_BRAND not in send(site, 5)
    assert shown_counts(site, open_trial) == {"only_challenger": 5}
    with site.runtime.store.read() as connection:
        rows = list(trials.scores(connection, site.marketplace_id, open_trial.trial_id))
    assert {challenger for _, _, challenger in rows} == {Lane.ASK_BRAND}


def test_with_a_share_it_decides_about_those_sellers_and_no_others(any_site: Site) -> None:
    site = any_site
    open_trial = started_trial(site, share=0.5)
    lanes = send(site, 20)
    expected = [does_challenger_decide(open_trial.trial_id, f"shop-{i}", 0.5) for i in range(20)]
    assert [lane is Lane.ASK_BRAND for lane in lanes] == expected
    assert 0 < sum(expected) < 20


def test_every_score_names_the_model_that_decided(site: Site) -> None:
    open_trial = started_trial(site, share=0.5)
    send(site, 12)
    with site.runtime.store.read() as connection:
        champion = learning.champions(connection)[site.marketplace_id]
        scorers = set(connection.execute(select(score.c.scorer)).scalars())
    assert scorers == {champion, open_trial.digest}


def test_when_it_ends_the_champion_decides_about_everybody_again(site: Site) -> None:
    open_trial = started_trial(site, share=NEARLY_ALL)
    assert Lane.ASK_BRAND in send(site, 5)
    trial.end(site.runtime, site.marketplace, by=scientist(site))
    assert Lane.ASK_BRAND not in send(site, 5, first=10)
    assert sum(shown_counts(site, open_trial).values()) == 5


def test_what_was_flagged_is_known_once_people_have_answered(site: Site) -> None:
    open_trial = started_trial(site, share=NEARLY_ALL)
    send(site, 3)
    for case in open_cases(site, CaseLane.ASK_BRAND):
        judge(site, site.brand_person, case, Judgement.COUNTERFEIT)
    site.clock.forward(days=20)
    with site.runtime.store.read() as connection:
        compared = trial.comparison_so_far(site.runtime, connection, open_trial)
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
        (open_trial,) = trials.open_trials(connection, site.marketplace_id)
        assert open_trial.share == 0.1
        assert audit.check_chain(connection)[1] is None


def test_one_model_is_on_trial_at_a_time_and_never_the_champion(site: Site) -> None:
    started_trial(site)
    with pytest.raises(Conflict, match="on trial already"):
        trial.start(site.runtime, site.marketplace, name="challenger", share=0.0, by=second(site))
    trial.end(site.runtime, site.marketplace, by=second(site))
    with pytest.raises(Conflict, match="champion already"):
        trial.start(site.runtime, site.marketplace, name="champion", share=0.0, by=second(site))
    with pytest.raises(Conflict, match="No model is on trial"):
        trial.end(site.runtime, site.marketplace, by=second(site))


def test_a_trial_whose_bundle_is_gone_stops_no_intake(site: Site) -> None:
    for path in site.runtime.services[BundleStore].folder(started_trial(site).digest).iterdir():
        path.unlink()
    site.runtime.services[Trials].follow([], site.runtime.services[BundleStore])
    follow_trials(site.runtime)
    assert site.runtime.services[Trials].of(site.marketplace_id) is None
    assert len(send(site, 2)) == 2


EVERYTHING = NOW - timedelta(days=1)


def test_the_past_is_scored_as_it_was_known_then(any_site: Site) -> None:
    site = any_site
    digest = put_champion_in_force(site)
    receive_rows(site.runtime, site.marketplace, [a_row()], source="test")
    model = site.runtime.services[BundleStore].load(model_named(site.runtime, site.marketplace, "champion").digest)
    (version,) = rescore(site.runtime, site.marketplace, model, since=EVERYTHING, most=10)
    assert model.digest == digest
    assert (version.probability, version.lane) == (version.probability_before, version.lane_before)


def test_nothing_is_changed_by_it(site: Site) -> None:
    receive_rows(site.runtime, site.marketplace, [a_row(**EVIDENCE)], source="test")
    before = site.read(scores.lane_counts, site.marketplace_id)
    model = site.runtime.services[BundleStore].load(admit_model(site, ask_brand_from=0.001))
    (version,) = rescore(site.runtime, site.marketplace, model, since=EVERYTHING, most=10)
    assert site.read(scores.lane_counts, site.marketplace_id) == before
    assert (version.probability_before, version.lane_before, version.lane) == (None, Lane.ANALYST, Lane.ASK_BRAND)


def test_only_what_was_scored_since_counts_and_a_label_of_today_stands_beside_it(site: Site) -> None:
    judge(site, site.brand_person, a_case(site, CaseLane.ASK_BRAND), Judgement.COUNTERFEIT)
    site.clock.forward(days=20)
    receive_rows(site.runtime, site.marketplace, [a_row()], source="test")
    model = site.runtime.services[BundleStore].load(admit_model(site))
    early = rescore(site.runtime, site.marketplace, model, since=EVERYTHING, most=10)
    late = rescore(site.runtime, site.marketplace, model, since=NOW + timedelta(days=1), most=10)
    assert [row.counterfeit for row in early] == [True, None]
    assert [row.external_id for row in late] == ["MP-1"]


def test_no_more_versions_are_scored_than_asked_for(site: Site) -> None:
    receive_rows(site.runtime, site.marketplace, [a_row(external_id=f"MP-{i}") for i in range(9)], source="test")
    model = site.runtime.services[BundleStore].load(admit_model(site))
    assert len(rescore(site.runtime, site.marketplace, model, since=EVERYTHING, most=4)) == 4


@pytest.mark.parametrize(
    ("name", "sentence"), [("champion", "no champion yet"), ("challenger", "no challenger"), ("ffff", "no such model")]
)
def test_a_model_that_is_not_there_is_named(site: Site, name: str, sentence: str) -> None:
    with pytest.raises(NotFound, match=sentence):
        model_named(site.runtime, site.marketplace, name)


def a_version(*, before: Lane, after: Lane, counterfeit: bool | None, stands_for: float = 1.0) -> RescoredVersion:
    return RescoredVersion("ver", "MP", NOW, 0.1, before, 0.2, after, stands_for, counterfeit)


def test_a_summary_counts_what_stands_for_many_as_many() -> None:
    rows = [
        a_version(before=Lane.ANALYST, after=Lane.NO_ACTION, counterfeit=False),
        a_version(before=Lane.ANALYST, after=Lane.ANALYST, counterfeit=True),
        a_version(before=Lane.AUDIT, after=Lane.ANALYST, counterfeit=True, stands_for=30.0),
        a_version(before=Lane.NO_ACTION, after=Lane.ASK_BRAND, counterfeit=None),
    ]
    figures = rescoring_summary(rows)
    assert figures["before"] == {"flagged": 2, "labelled": 2, "precision": 0.5, "recall": pytest.approx(1 / 31)}
    assert figures["after"] == {"flagged": 3, "labelled": 2, "precision": 1.0, "recall": 1.0}
    assert {"before": "no_action", "after": "ask_brand", "versions": 1} in figures["moves"]
    assert figures["labelled"] == 3


def test_without_labels_there_is_no_precision() -> None:
    figures = rescoring_summary([a_version(before=Lane.NO_ACTION, after=Lane.ANALYST, counterfeit=None)])
    assert figures["after"] == {"flagged": 1, "labelled": 0, "precision": None, "recall": None}
