"""Listings on which two analysts agree are frozen, kept out of every training, and never changed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError

from models.case import CaseLane
from models.errors import Invalid
from models.policies.learning import DEFAULT_GATES, SecondReviewPolicy
from models.verdict import Judgement
from serving.audit.tables import audit_entry
from serving.learning.service.golden import freeze_by_default, freeze_golden_set, write_golden_set
from serving.learning.service.labelling import snapshot_content
from serving.learning.service.learn import request_training, retrain
from serving.learning.service.second_reviews import open_second_reviews
from serving.learning.service.training_child import TrainingFailed
from serving.learning.store import golden, learning
from serving.learning.tables import golden_set
from serving.listings.service.intake import receive_rows
from tests.fixtures.labels import label_a_history
from tests.fixtures.runtimes import (
    PopulatedDatabase,
    Site,
    a_case,
    a_suspect_row,
    copy_on_sqlite,
    having,
    judge,
    open_cases,
)
from tests.serving.learning.service.test_second_reviews import a_job, doubt_of
from tests.serving.sellers.service.test_contacts import a_contact, tell
from training.gates.golden import GoldenSet, read_golden

LISTINGS = 52
FAKES = 4


def ensure_judged_twice(site: Site, *, listings: int = LISTINGS, fakes: int = FAKES) -> None:
    """Listings, each of another seller, on which two analysts agreed a month ago, the second in a blind review."""
    having(site, judge_twice, listings, fakes)


def judge_twice(site: Site, listings: int, fakes: int) -> None:
    policies = site.runtime.policies.changed(SecondReviewPolicy(most_cases=listings))
    site = replace(site, runtime=replace(site.runtime, policies=policies))
    rows = [
        a_suspect_row(external_id=f"G-{i}", title=f"Aure11e tote {i} 1:1 mirror", seller={"external_id": f"seller-{i}"})
        for i in range(listings)
    ]
    receive_rows(site.runtime, site.marketplace, rows, source="test")
    cases = sorted(open_cases(site, CaseLane.ANALYST), key=lambda case: case.case_id)
    payload = {case.version_id: _answer(i, fakes) for i, case in enumerate(cases)}
    for case in cases:
        judge(site, site.analyst, case, payload[case.version_id])
    questions = [case for case in open_cases(site, CaseLane.ASK_BRAND) if case.version_id in payload]
    for case in questions:
        judge(site, site.brand_person, case, payload[case.version_id])
    site.clock.forward(days=15)
    suspects = [doubt_of(case, label=int(payload[case.version_id] is Judgement.COUNTERFEIT)) for case in cases]
    job_id = a_job(site)
    assert open_second_reviews(site.runtime, site.marketplace_id, job_id, suspects) == listings
    site.write(learning.update_job, site.marketplace_id, job_id, {"state": "done"})
    for look in open_cases(site, CaseLane.SECOND_REVIEW):
        judge(site, site.second_analyst, look, payload[look.version_id])
    site.clock.forward(days=15)


def _answer(number: int, fakes: int) -> Judgement:
    return Judgement.COUNTERFEIT if number < fakes else Judgement.GENUINE


def test_what_two_analysts_found_alike_is_frozen_under_its_digest(any_site: Site) -> None:
    ensure_judged_twice(any_site)
    golden_set = freeze_golden_set(any_site.runtime, any_site.marketplace, by="local")
    assert (golden_set.items, golden_set.positives, golden_set.frozen_at) == (LISTINGS, FAKES, any_site.clock.now())
    with any_site.runtime.store.read() as connection:
        assert golden.in_force(connection, any_site.marketplace_id, any_site.clock.now()) == golden_set
        read = golden.golden_set_of(connection, any_site.marketplace_id, any_site.clock.now())
        audit_row = connection.execute(select(audit_entry).where(audit_entry.c.act == "golden_set.frozen")).one()
    assert read is not None
    assert (read.digest, len(read.items), int(read.labels.sum())) == (golden_set.digest, LISTINGS, FAKES)
    assert (audit_row.actor, audit_row.subject) == ("local", golden_set.digest)


def test_the_database_itself_keeps_what_was_frozen(any_site: Site) -> None:
    ensure_judged_twice(any_site)
    freeze_golden_set(any_site.runtime, any_site.marketplace, by="local")
    for statement in (update(golden_set).values(content=b"other"), delete(golden_set)):
        with pytest.raises(DBAPIError, match="a golden set is frozen"), any_site.runtime.store.write() as connection:
            connection.execute(statement)


@pytest.fixture(scope="module")
def frozen_site(
    populated_sqlite: PopulatedDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Site, datetime]]:
    """A site with a golden set, and the moment before it was frozen. Additions of one test do not affect another."""
    with copy_on_sqlite(tmp_path_factory.mktemp("frozen"), populated_sqlite) as site:
        ensure_judged_twice(site)
        before = site.clock.now()
        site.clock.forward(hours=1)
        freeze_golden_set(site.runtime, site.marketplace, by="local")
        yield site, before


def labelled_sellers(site: Site, as_of: datetime) -> set[str | None]:
    """The sellers with rows in a snapshot of a moment."""
    return {row.seller for row in snapshot_content(site.runtime, site.marketplace_id, as_of)[0]}


def test_nothing_of_a_golden_set_comes_into_a_snapshot_from_then_on(frozen_site: tuple[Site, datetime]) -> None:
    site, before = frozen_site
    assert len(labelled_sellers(site, before)) == LISTINGS, "said again of a moment before, it is the same"
    assert labelled_sellers(site, site.clock.now()) == set()
    words: dict[str, Any] = {
        "title": "Solenne scarf in silk, mirror quality",
        "description": "Bought in Milan and never worn, with the hem that the maker sews by hand.",
    }
    for seller, listing in (("seller-3", "N-1"), ("lumo-trade-88", "N-2")):
        case = a_case(site, **{**words, "external_id": listing, "seller": {"external_id": seller, "age_days": 3}})
        judge(site, site.analyst, case, Judgement.GENUINE)
    site.clock.forward(days=15)
    assert labelled_sellers(site, site.clock.now()) == {"lumo-trade-88"}, "another seller in other words"
    tell(site, a_contact("lumo-trade-88"), a_contact("seller-3"))
    site.clock.forward(seconds=1)
    assert labelled_sellers(site, site.clock.now()) == set(), "linked with a seller of the set"


def test_a_training_is_handed_the_set_as_a_file_that_is_only_read(frozen_site: tuple[Site, datetime]) -> None:
    site, _ = frozen_site
    handed = write_golden_set(site.runtime, site.marketplace_id)
    assert handed is not None
    path, digest = handed
    assert path.parent == site.runtime.home.snapshots
    assert path.stat().st_mode & 0o777 == 0o400
    assert len(read_golden(path, expected=digest).items) == LISTINGS
    assert write_golden_set(site.runtime, site.marketplace_id) == handed, "handed again"


def test_a_set_that_is_not_what_was_frozen_stops_every_snapshot(site: Site) -> None:
    """A database owner removed the triggers."""
    ensure_judged_twice(site)
    freeze_golden_set(site.runtime, site.marketplace, by="local")
    with site.runtime.store.write() as connection:
        connection.execute(text("DROP TRIGGER golden_set_keeps_update"))
        content = connection.execute(select(golden_set.c.content)).scalar_one()
        connection.execute(update(golden_set).values(content=content.replace(b'"label":1', b'"label":0', 1)))
    with pytest.raises(Invalid, match="as frozen; nothing is trained"):
        snapshot_content(site.runtime, site.marketplace_id, site.clock.now())


def judge_once(site: Site, listings: int) -> None:
    """Listings, two of each seller, that one analyst found genuine long enough ago."""
    for i in range(listings):
        words: dict[str, Any] = {
            "title": f"Aurelle {chr(97 + i) * 9} no. {i}, mirror quality",
            "description": f"bags{i}@example.com",
        }
        case = a_case(site, **words, external_id=f"O-{i}", seller={"external_id": f"once-{i // 2}", "age_days": 9})
        judge(site, site.analyst, case, Judgement.GENUINE)
    site.clock.forward(days=15)


def refuse(*_arguments: Any, **_named: Any) -> None:
    raise TrainingFailed("20 genuine labels are mature.")


def set_in_force(site: Site) -> GoldenSet | None:
    return site.read(golden.golden_set_of, site.marketplace_id, site.clock.now())


@pytest.mark.parametrize("enough", [20, 21])
def test_from_enough_labels_on_whole_sellers_are_frozen_by_themselves_and_judged_twice(
    site: Site, monkeypatch: pytest.MonkeyPatch, enough: int
) -> None:
    policy = replace(DEFAULT_GATES, golden_from_labels=enough)
    monkeypatch.setattr("serving.learning.service.golden.DEFAULT_GATES", policy)
    judge_once(site, 20)
    before = labelled_sellers(site, site.clock.now())
    monkeypatch.setattr("serving.learning.service.learn.run_child", refuse)
    retrain(site.runtime, site.marketplace_id, request_training(site.runtime, site.marketplace, by="test"))
    drawn = set_in_force(site)
    if enough > 20:
        assert drawn is None
        return
    assert drawn is not None
    assert (len(drawn.items), len(drawn.sellers)) == (4, 2), "a fifth"
    assert labelled_sellers(site, site.clock.now()) == before - drawn.sellers
    wrong, *right = open_cases(site, CaseLane.SECOND_REVIEW)
    assert len(right) == 3
    for case in right:
        judge(site, site.second_analyst, case, Judgement.GENUINE)
    judge(site, site.second_analyst, wrong, Judgement.COUNTERFEIT)
    site.clock.forward(days=15)
    freeze_by_default(site.runtime, site.marketplace_id)
    judged = set_in_force(site)
    assert judged is not None
    assert {gold.version_id for gold in judged.judged_twice().items} == {case.version_id for case in right}
    assert (judged.sellers, judged.as_of) == (drawn.sellers, drawn.as_of), "the same listings, kept out since then"
    site.clock.forward(hours=1)
    freeze_by_default(site.runtime, site.marketplace_id)
    assert set_in_force(site) == judged, "nothing new"


def test_a_set_that_an_administrator_froze_stays(frozen_site: tuple[Site, datetime]) -> None:
    site, _ = frozen_site
    before = set_in_force(site)
    freeze_by_default(site.runtime, site.marketplace_id)
    assert set_in_force(site) == before


@pytest.mark.soak
def test_a_retraining_is_judged_on_the_set_and_says_so(site: Site) -> None:
    ensure_judged_twice(site)
    label_a_history(site, listings=1_500)
    site.clock.forward(days=20)
    digest = freeze_golden_set(site.runtime, site.marketplace, by="local").digest
    assert (
        retrain(site.runtime, site.marketplace_id, request_training(site.runtime, site.marketplace, by="test"))
        == "done"
    )
    (model,) = site.read(learning.models, site.marketplace_id, 1)
    assert model.report["golden_set"] == digest
    (gate,) = [gate for gate in model.report["gates"] if gate["name"] == "golden_set"]
    assert gate["sentence"].startswith(f"Golden set {digest[:12]}, {LISTINGS} listings, {FAKES} counterfeit")
    assert gate["state"] != "not_judged"


@pytest.mark.parametrize(("listings", "fakes"), [(49, 4), (50, 2)], ids=["too few listings", "too few counterfeits"])
def test_too_few_are_not_worth_keeping_from_training(site: Site, listings: int, fakes: int) -> None:
    ensure_judged_twice(site, listings=listings, fakes=fakes)
    sentence = f"{listings} listings were judged alike by two analysts, the second in a blind review, {fakes} of them"
    with pytest.raises(Invalid, match=sentence):
        freeze_golden_set(site.runtime, site.marketplace, by="local")


def test_without_a_set_there_is_none_to_hand_over(site: Site) -> None:
    assert write_golden_set(site.runtime, site.marketplace_id) is None
