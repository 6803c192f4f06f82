import json
import math
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest

from models.bundle import MANIFEST, digest_of, from_files
from models.policies.learning import DEFAULT_GATES
from models.routing import Thresholds
from models.second_stage import FILE
from tests.fixtures.clocks import NOW
from tests.fixtures.fitting import fit_once
from tests.fixtures.labelled import a_market, market_references, snapshot_rows
from tests.fixtures.tiny_encoder import tiny_encoder
from training.evaluate.judging import Trial
from training.fit.encoders import Encoder
from training.fit.settings import FitSettings
from training.fit.weighting import represented_listings, trim_weights
from training.gates.golden import GoldenItem, freeze, parse_golden
from training.runs.pipeline import Candidate, train, without_nan
from training.snapshots.snapshot import Snapshot, SnapshotRefused, SnapshotRow, read_snapshot, write_snapshot

__all__ = ["tiny_encoder"]  # A fixture.

DATA = a_market(160)
ROWS = snapshot_rows(DATA)


def a_snapshot(folder: Path, rows: list[SnapshotRow] = ROWS) -> Snapshot:
    path, digest = write_snapshot(folder, rows, market_references(DATA), NOW)
    return read_snapshot(path, expected=digest)


def trained_candidate(snapshot: Snapshot, seed: int = 0) -> Candidate:
    return train(snapshot, champion=None, seed=seed, threads=1)


def judge_by_ten(patch: pytest.MonkeyPatch) -> None:
    """In this small market, ten later counterfeits are enough to judge by."""
    fit_once(patch)
    patch.setattr("training.runs.pipeline.DEFAULT_GATES", replace(DEFAULT_GATES, fewest_positives=10))


@pytest.fixture(autouse=True)
def _fits_once(monkeypatch: pytest.MonkeyPatch) -> None:
    judge_by_ten(monkeypatch)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return a_snapshot(tmp_path_factory.mktemp("snapshot"))


@pytest.fixture(scope="module")
def candidate(snapshot: Snapshot) -> Candidate:
    with pytest.MonkeyPatch.context() as patch:
        judge_by_ten(patch)
        return trained_candidate(snapshot)


def test_a_candidate_is_a_bundle_that_can_be_loaded(candidate: Candidate, snapshot: Snapshot) -> None:
    bundle = from_files(candidate.files)
    assert bundle.references.prices == snapshot.references.prices
    assert bundle.references_as_of == NOW


def test_equal_snapshots_and_seeds_give_equal_bytes(candidate: Candidate, tmp_path: Path) -> None:
    assert trained_candidate(a_snapshot(tmp_path, ROWS[::-1])).files == candidate.files


@pytest.mark.soak
def test_another_seed_gives_another_bundle(candidate: Candidate, snapshot: Snapshot) -> None:
    assert digest_of(trained_candidate(snapshot, seed=1).files) != digest_of(candidate.files)


def test_a_report_is_complete(candidate: Candidate) -> None:
    assert candidate.report.keys() == {
        "snapshot", "golden_set", "rows", "positives", "sellers", "evidence_levels", "lanes", "weights",
        "accepted_leaks", "cut", "seed", "learner", "settings", "feature_count", "join", "text_weight", "calibration",
        "thresholds", "operating_points", "operating_curve", "promises", "out_of_fold", "judged", "gates", "curves",
        "suspects", "sources", "second_stage", "points_weight", "waiting", "champion_learnt_until", "calibrated_on",
    }  # fmt: skip


def test_the_settings_that_a_person_gives_are_in_the_report_and_in_the_bundle(
    candidate: Candidate, snapshot: Snapshot
) -> None:
    assert candidate.report["settings"] == {}
    changed_candidate = train(snapshot, champion=None, seed=0, threads=1, settings=FitSettings(text_cost=3.0))
    assert (
        changed_candidate.report["settings"]
        == json.loads(changed_candidate.files["model.json"])["settings"]
        == {"text_cost": 3.0}
    )
    assert changed_candidate.files["text_weights.npy"] != candidate.files["text_weights.npy"]
    assert changed_candidate.report["judged"]["candidate"]["ap"] != candidate.report["judged"]["candidate"]["ap"], (
        "judged as well"
    )


def test_a_report_counts_its_rows(candidate: Candidate, snapshot: Snapshot) -> None:
    report = candidate.report
    counted = trim_weights(represented_listings(ROWS[:146]), DATA.labels[:146] == 1)
    assert report["snapshot"] == snapshot.digest
    assert (report["rows"], report["positives"], report["sellers"]) == (146, int(DATA.labels[:146].sum()), 73)
    assert (report["waiting"], report["champion_learnt_until"]) == (14, None)
    assert report["lanes"] == {"ask_brand": 131, "audit": 15}
    assert report["calibrated_on"]["base_rate"] == pytest.approx(np.average(DATA.labels[:146], weights=counted))
    assert report["evidence_levels"] == {"brand": 131, "one_reviewer": 15}


def test_the_cut_is_three_quarters_through(candidate: Candidate) -> None:
    assert candidate.report["cut"] == ROWS[120].known_at.isoformat()


def test_a_report_is_json_without_nan(candidate: Candidate) -> None:
    assert json.loads(json.dumps(candidate.report, allow_nan=False)) == candidate.report


def test_a_report_has_the_gates(candidate: Candidate) -> None:
    assert [gate["name"] for gate in candidate.report["gates"]] == [
        "enough_to_judge", "incumbents", "rank", "calibration", "slices", "obfuscation", "upheld_appeals",
        "golden_set",
    ]  # fmt: skip


def test_a_champion_is_not_compared_on_rows_that_it_has_learnt(candidate: Candidate, snapshot: Snapshot) -> None:
    report = train(snapshot, champion=from_files(candidate.files), seed=0, threads=1).report
    assert report["judged"].keys() & {"champion", "difference_interval"} == set()
    assert "the champion may have learnt 120 of these 120" in report["judged"]["not_comparable"]
    assert {gate["name"] for gate in report["gates"] if gate["blocks"]} >= {"incumbents", "slices"}


def test_a_champion_of_an_earlier_snapshot_is_compared_on_later_rows_alone(tmp_path: Path) -> None:
    """The champion knew the first 130 rows; the last quarter begins at row 120."""
    later = NOW + timedelta(days=10)
    rows = [*ROWS[:130], *(replace(row, matured_at=later) for row in ROWS[130:])]
    champion = from_files(trained_candidate(a_snapshot(tmp_path, rows[:130])).files)
    path, digest = write_snapshot(tmp_path, rows, market_references(DATA), later)
    report = train(read_snapshot(path, expected=digest), champion=champion, seed=0, threads=1).report
    assert report["judged"]["champion"]["digest"] == champion.digest
    assert len(report["judged"]["difference_interval"]) == 2
    assert rows[129].known_at.isoformat() < report["cut"] <= rows[130].known_at.isoformat()
    assert 10 <= report["judged"]["positives"] < report["judged"]["rows"] <= 30
    assert not report["judged"]["champion_saw"]


@pytest.mark.soak
def test_without_its_champion_a_training_is_repeated_by_the_time_until_which_that_had_learnt(tmp_path: Path) -> None:
    later = NOW + timedelta(days=10)
    rows = [*ROWS[:130], *(replace(row, matured_at=later) for row in ROWS[130:])]
    champion = from_files(trained_candidate(a_snapshot(tmp_path, rows[:130])).files)
    path, digest = write_snapshot(tmp_path, rows, market_references(DATA), later)
    snapshot = read_snapshot(path, expected=digest)
    first = train(snapshot, champion=champion, seed=0, threads=1)
    until = datetime.fromisoformat(first.report["champion_learnt_until"])
    again = train(snapshot, champion=None, seed=0, threads=1, champion_learnt_until=until)
    assert digest_of(again.files) == digest_of(first.files) != digest_of(trained_candidate(snapshot).files)


def test_sellers_linked_with_an_earlier_one_are_not_unseen(snapshot: Snapshot) -> None:
    """Each later row is of an account linked with the seller of an earlier row."""
    rows = [replace(row, seller_cluster=ROWS[i % 30].seller) for i, row in enumerate(snapshot.rows)]
    report = trained_candidate(replace(snapshot, rows=tuple(rows))).report
    assert (report["sellers"], report["waiting"]) == (15, 0), "the first gate blocks"
    assert report["judged"]["why"] == "0 later listings of unseen sellers, 0 counterfeit: no two classes."


@pytest.mark.attack
@pytest.mark.soak
@pytest.mark.parametrize("size", [160, 471])
def test_flipped_labels_that_nothing_has_judged_do_not_change_the_shipped_model(size: int, tmp_path: Path) -> None:
    """The attacker answers for listings of sellers that the training knows, and for later ones of new sellers."""
    market = a_market(size)
    rows = [
        replace(row, seller_cluster="known" if i % 4 == 3 else row.seller)
        for i, row in enumerate(snapshot_rows(market))
    ]
    last = size - size // 12 + 1
    flipped = [replace(row, label=1 - row.label) if i >= last else row for i, row in enumerate(rows)]
    honest, attacked = (trained_candidate(a_snapshot(tmp_path, labelled)) for labelled in (rows, flipped))
    assert flipped != rows
    assert digest_of(attacked.files) == digest_of(honest.files)


class JudgedTrial(Exception):
    """Ends a training where it would judge."""

    def __init__(self, trial: Trial) -> None:
        super().__init__()
        self.trial = trial


@pytest.mark.attack
@pytest.mark.parametrize(("label", "represented"), [(1, 1.0), (0, 1 / 0.03)])
def test_a_counterfeit_that_no_fold_holds_out_represents_itself_alone(
    label: int, represented: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Later rows of a seller that the training knows, drawn at random one in 33: genuine ones represent as many."""

    def stop(trial: Trial, _champion: object, _progress: object) -> NoReturn:
        raise JudgedTrial(trial)

    def trial_of(inclusion: float) -> Trial:
        rows = list(ROWS)
        for i in range(125, 135):
            known = ROWS[0].seller_cluster
            rows[i] = replace(ROWS[i], seller_cluster=known, label=label, inclusion_probability=inclusion)
        with pytest.raises(JudgedTrial) as stopped:
            trained_candidate(a_snapshot(tmp_path, rows))
        return stopped.value.trial

    monkeypatch.setattr("training.runs.pipeline.judge", stop)
    drawn, learnt = trial_of(0.03), np.arange(125, 133)
    assert drawn.stands_for[learnt] == pytest.approx(np.full(8, represented))
    assert np.array_equal(drawn.weigh(learnt), trial_of(1.0).weigh(learnt)) == (represented == 1)


def test_a_golden_set_is_judged_on_and_named_in_the_report(candidate: Candidate, tmp_path: Path) -> None:
    items = [
        GoldenItem(f"ver_g{i}", f"lst_g{i}", f"golden-{i // 2}", row.label, ("a", "b") if i < 100 else (), row.facts)
        for i, row in enumerate(snapshot_rows(a_market(120, seed=9)))
    ]
    golden = parse_golden(*freeze(items, NOW))
    champion = from_files(candidate.files)
    report = train(a_snapshot(tmp_path), champion=champion, golden=golden, seed=0, threads=1).report
    gate = report["gates"][-1]
    assert (gate["name"], gate["state"], gate["figure"]) == ("golden_set", "passed", 0.0), "an equal model"
    assert "100 listings" in gate["sentence"], "those that two people have judged"
    assert report["golden_set"] == golden.digest
    assert candidate.report["gates"][-1]["sentence"].startswith("No golden set is judged twice")


def test_a_snapshot_that_holds_golden_listings_trains_nothing(tmp_path: Path) -> None:
    row = ROWS[0]
    golden = parse_golden(*freeze([GoldenItem("x", row.listing_id, None, 1, ("a", "b"), row.facts)], NOW))
    with pytest.raises(SnapshotRefused, match="1 rows of the snapshot are of the golden set"):
        train(a_snapshot(tmp_path), champion=None, golden=golden, seed=0, threads=1)


def with_a_rival(*, accused: int) -> list[SnapshotRow]:
    """The market with an established shop of a distinctive wording: three of its listings were restored on appeal, and
    this many others are labelled counterfeit."""
    shop = {"external_id": "rival", "age_days": 2_500}
    rows = []
    for i, row in enumerate([row for row in ROWS if not row.label][: 3 + accused]):
        facts = json.loads(row.facts)
        listing = {
            **facts["listing"],
            "external_id": f"R-{i}",
            "title": "Maison Rivale satchel in oxblood",
            "description": "Worn twice, with receipt, Maison Rivale.",
        }
        listing["seller"] = {**listing["seller"], **shop}
        listing["price"] = "620.00"
        upheld = i < 3
        rows.append(
            replace(
                row,
                version_id=f"ver_r{i:03d}",
                listing_id=f"lst_r{i:03d}",
                seller="rival",
                seller_cluster="rival",
                label=int(not upheld),
                evidence_level="appeal" if upheld else "brand",
                weight=1.0,
                inclusion_probability=1.0,
                sources=("user:ines",) if upheld else (f"brand:{i % 2}",),
                facts=json.dumps({**facts, "listing": listing}),
            )
        )
    return [*ROWS, *rows]


@pytest.mark.parametrize(("accused", "state"), [pytest.param(0, "passed", marks=pytest.mark.soak), (40, "failed")])
def test_restored_listings_show_false_confirmations_against_a_rival(
    candidate: Candidate, tmp_path: Path, accused: int, state: str
) -> None:
    snapshot = a_snapshot(tmp_path, with_a_rival(accused=accused))
    champion = replace(from_files(candidate.files), thresholds=Thresholds(0.7, 0.7))
    gates = train(snapshot, champion=champion, seed=0, threads=1).report["gates"]
    (gate,) = [gate for gate in gates if gate["name"] == "upheld_appeals"]
    assert gate["sentence"].startswith("3 listings were restored on appeal.")
    assert (gate["state"], gate["blocks"]) == (state, state == "failed")


def test_too_few_labels_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SnapshotRefused, match="labels are mature; at least 10 and 20 are needed"):
        trained_candidate(a_snapshot(tmp_path, ROWS[:20]))


def test_labels_of_one_seller_are_refused(tmp_path: Path) -> None:
    rows = [replace(row, seller="seller-0", seller_cluster="seller-0") if row.label else row for row in ROWS]
    with pytest.raises(SnapshotRefused, match="All counterfeit labels are of one seller"):
        trained_candidate(a_snapshot(tmp_path, rows))


def test_an_accepted_leak_is_trained_on_and_reported(tmp_path: Path) -> None:
    rows = []
    for row in ROWS:
        facts = json.loads(row.facts)
        facts["listing"]["seller"]["age_days"] = 10 + row.label
        rows.append(replace(row, facts=json.dumps(facts)))
    leaking = a_snapshot(tmp_path, rows)
    with pytest.raises(SnapshotRefused, match="seller_age"):
        trained_candidate(leaking)
    leaks = train(leaking, champion=None, seed=0, threads=1, accepted_leaks=["seller_age"]).report["accepted_leaks"]
    assert [(leak["feature"], leak["roc_auc"]) for leak in leaks] == [("seller_age", 1.0)]


def test_a_figure_that_does_not_exist_is_null_at_any_depth() -> None:
    figures = {"a": math.nan, "b": (1.0, [math.nan, "x"]), "c": {"d": math.inf, "e": None}}
    assert without_nan(figures) == {"a": None, "b": [1.0, [None, "x"]], "c": {"d": math.inf, "e": None}}


def test_an_encoder_adds_a_second_stage_and_changes_no_first_answer(
    candidate: Candidate, snapshot: Snapshot, tiny_encoder: Encoder
) -> None:
    def with_encoder() -> Candidate:
        return train(snapshot, champion=None, seed=0, threads=1, encoder="tiny_encoder")

    encoded_candidate = with_encoder()
    assert encoded_candidate.files == with_encoder().files
    assert set(encoded_candidate.files) - set(candidate.files) == {FILE}
    same = set(candidate.files) - {MANIFEST}
    assert {name: encoded_candidate.files[name] for name in same} == {name: candidate.files[name] for name in same}
    assert encoded_candidate.report["second_stage"]["encoder"] == tiny_encoder.identity
    assert encoded_candidate.report["gates"] == candidate.report["gates"]
    assert candidate.report["second_stage"] is None
