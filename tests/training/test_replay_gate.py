from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from features.compute import compute
from features.facts import Facts
from models.arrays import Floats
from models.policies.learning import DEFAULT_GATES
from models.routing import Thresholds
from tests.fixtures.facts import some_facts
from tests.fixtures.labelled import a_market, market_facts, market_references
from training.gates.gate import State
from training.gates.obfuscation import TRANSFORMS
from training.gates.replay_gate import HeldOutRows, ReplayOutcome, replay, replay_gate, rows_shown

DATA = a_market(80)
FACTS = market_facts(DATA)
REFERENCES = market_references(DATA)
HELD_OUT = HeldOutRows(FACTS, DATA.labels, DATA.groups, np.ones(len(FACTS)))


def a_replay(**changes: object) -> ReplayOutcome:
    usual = ReplayOutcome(
        "leet", honest=False, listings=140, effective=140, before=0.8, after=0.75, worse=0.05, worse_at_least=-0.02
    )
    return replace(usual, **changes)  # type: ignore[arg-type]  # the fields of the row


def an_honest_replay(**changes: object) -> ReplayOutcome:
    usual = a_replay(honest=True, effective=3_000, before=0.1, after=0.1, worse=0.001, worse_at_least=-0.001)
    return replace(usual, **changes)  # type: ignore[arg-type]  # as above


PARTS: list[tuple[ReplayOutcome, State, str]] = [
    (a_replay(), State.PASSED, "a loss within the bound"),
    (a_replay(worse=0.1), State.PASSED, "ten points, which is the bound"),
    (a_replay(worse=0.1001), State.FAILED, "more than ten points at face value"),
    (a_replay(effective=100, worse=0.2), State.FAILED, "a hundred counterfeits are enough for face value"),
    (a_replay(effective=99, worse=0.2), State.NOT_JUDGED, "ninety-nine are not"),
    (a_replay(effective=99, worse=0.3, worse_at_least=0.1), State.NOT_JUDGED, "few, and ten points for certain"),
    (a_replay(effective=99, worse=0.3, worse_at_least=0.1001), State.FAILED, "few, and more than ten for certain"),
    (a_replay(before=0.0, after=0.0, worse=0.0, worse_at_least=0.0), State.NOT_JUDGED, "none was shown before"),
    (an_honest_replay(worse=0.005), State.PASSED, "half a point more, which is the bound"),
    (an_honest_replay(worse=0.0051), State.FAILED, "more honest listings are shown"),
    (
        an_honest_replay(effective=2_000, worse=0.006),
        State.FAILED,
        "two thousand honest listings are enough for face value",
    ),
    (an_honest_replay(effective=1_999, worse=0.006), State.NOT_JUDGED, "fewer are not"),
    (
        an_honest_replay(effective=1_999, worse=0.03, worse_at_least=0.0051),
        State.FAILED,
        "few, and shown more for certain",
    ),
    (an_honest_replay(before=0.0, worse=0.0), State.PASSED, "no honest listing was shown before, which is well"),
]


@pytest.mark.parametrize(("effect", "state", "_why"), PARTS)
def test_a_transform_is(effect: ReplayOutcome, state: State, _why: str) -> None:
    (part,) = replay_gate([effect], DEFAULT_GATES).parts
    assert (part.state, part.blocks) == (state, state is State.FAILED)


def test_one_way_that_costs_too_much_blocks_a_candidate_and_is_named() -> None:
    bad = a_replay(name="spaced letters", after=0.2, worse=0.6, worse_at_least=0.47)
    gate = replay_gate([a_replay(), bad, an_honest_replay()], DEFAULT_GATES)
    assert (gate.state, gate.blocks, gate.figure, gate.bound) == (State.FAILED, True, 0.6, 0.10)
    assert gate.sentence == (
        "spaced letters: 20.0% of 140 counterfeits are shown to a person, 80.0% before; worse by at least 0.470 beyond "
        "doubt, at most 0.100."
    )


def test_a_passed_gate_states_its_bounds() -> None:
    assert replay_gate([a_replay(), an_honest_replay()], DEFAULT_GATES).sentence == (
        "None of the 2 judged transforms costs more than 10% of recall or shows more than 0.5% more of the honest "
        "listings."
    )


def test_too_few_counterfeits_are_not_judged_and_do_not_block() -> None:
    gate = replay_gate([a_replay(effective=3)], DEFAULT_GATES)
    assert (gate.state, gate.blocks) == (State.NOT_JUDGED, False)


def test_an_unjudged_gate_states_the_needed_sample_size() -> None:
    (part,) = replay_gate([an_honest_replay(listings=111, effective=41.4)], DEFAULT_GATES).parts
    assert part.sentence == (
        "10.0% of the honest listings that 111 represent are shown to a person, 10.0% before; effective sample size "
        "41, 2,000 are needed, shown before the rewrite."
    )


SHOWN: list[tuple[Facts, float, bool, str]] = [
    (some_facts(), 0.5, False, "above the threshold without evidence"),
    (some_facts(), 0.94, True, "twenty times the odds of a question without evidence"),
    (some_facts(title="Aurelle tote 1:1, WhatsApp +44 7700 900123"), 0.1, True, "wording and contact below"),
    (some_facts(title="Aurelle to\u200bte"), 0.5, False, "honest sellers paste invisible marks"),
]


@pytest.mark.parametrize(("facts", "probability", "is_shown", "_why"), SHOWN)
def test_evidence_decides_what_a_rewrite_is_shown_for(
    facts: Facts, probability: float, is_shown: bool, _why: str
) -> None:
    shown = rows_shown([compute(facts)], np.array([probability]), Thresholds(ask_brand_from=0.4, analyst_from=0.3))
    assert shown.tolist() == [is_shown]


def by_facts(
    score: Callable[[Sequence[Facts]], Floats],
) -> Callable[[Sequence[Facts], NDArray[np.intp]], NDArray[np.bool_]]:
    """Shows the listings that this scorer gives at least a half, whatever their positions."""
    return lambda facts, _rows: score(facts) >= 0.5


def test_each_listing_is_scored_with_its_position() -> None:
    id_pairs: list[tuple[str, str]] = []

    def notes(facts: Sequence[Facts], rows: NDArray[np.intp]) -> NDArray[np.bool_]:
        places = [FACTS[row].listing.external_id for row in rows]
        id_pairs.extend(zip([row_facts.listing.external_id for row_facts in facts], places, strict=True))
        return np.ones(len(facts), dtype=np.bool_)

    replay(HELD_OUT, notes, REFERENCES, replace(DEFAULT_GATES, replay_most=12), seed=0)
    assert all(listing == place for listing, place in id_pairs)
    assert len({listing for listing, _ in id_pairs}) == 24


def test_honest_listings_are_weighted_by_the_number_that_they_represent() -> None:
    """Only the rewritten listings of the first half are shown; they represent one listing each, the others nine."""
    half = len(FACTS) // 2
    first = {facts.listing.external_id for facts in FACTS[:half]}

    def wary(facts: Sequence[Facts]) -> Floats:
        seen = [
            row_facts.listing.external_id in first and "\uff4f" in (row_facts.listing.title or "")
            for row_facts in facts
        ]
        return np.array(seen, dtype=np.float64)

    weighted = replace(HELD_OUT, stands_for=np.where(np.arange(len(FACTS)) < half, 1.0, 9.0))
    plain, counted = (
        next(
            effect
            for effect in replay(held_out, by_facts(wary), REFERENCES, DEFAULT_GATES, seed=0)
            if effect.honest and effect.after
        )
        for held_out in (HELD_OUT, weighted)
    )
    honest_rows = np.flatnonzero(DATA.labels == 0)
    shown = plain.after * len(honest_rows)
    weights = weighted.stands_for[honest_rows]
    assert counted.after == pytest.approx(shown / weights.sum())
    assert counted.effective == pytest.approx(weights.sum() ** 2 / (weights**2).sum())


def blind_to_the_brand(facts: Sequence[Facts]) -> Floats:
    """A model that only recognises a brand by its plain letters in the title."""
    names = ("aurelle", "solenne")
    return np.array([float(any(n in (row_facts.listing.title or "").casefold() for n in names)) for row_facts in facts])


def test_every_obfuscation_of_the_name_blocks_a_model_that_only_reads_plain_letters() -> None:
    gate = replay_gate(replay(HELD_OUT, by_facts(blind_to_the_brand), REFERENCES, DEFAULT_GATES, seed=0), DEFAULT_GATES)
    failed = {part.name for part in gate.parts if part.state is State.FAILED}
    assert {"leet", "homoglyphs", "zero width", "spaced letters", "styled letters", "brand left out"} <= failed
    assert "price below the median" not in failed


def test_honest_listings_block_a_model_that_flags_signs() -> None:
    def afraid(facts: Sequence[Facts]) -> Floats:
        return np.array([float(any(ord(c) > 0x2000 for c in row_facts.listing.title or "")) for row_facts in facts])

    effects = replay(HELD_OUT, by_facts(afraid), REFERENCES, DEFAULT_GATES, seed=0)
    emoji = next(effect for effect in effects if effect.honest and effect.name == "emoji")
    assert emoji.before == 0
    assert emoji.worse_at_least > 0.005


def test_a_model_that_does_not_read_loses_nothing() -> None:
    effects = replay(HELD_OUT, by_facts(lambda facts: np.ones(len(facts))), REFERENCES, DEFAULT_GATES, seed=0)
    assert {(effect.worse, effect.worse_at_least) for effect in effects} == {(0.0, 0.0)}


def test_counterfeits_meet_every_way_and_honest_listings_those_of_honest_people() -> None:
    effects = replay(HELD_OUT, by_facts(lambda facts: np.ones(len(facts))), REFERENCES, DEFAULT_GATES, seed=0)
    assert [effect.name for effect in effects if not effect.honest] == [way.name for way in TRANSFORMS]
    assert [effect.name for effect in effects if effect.honest] == [
        way.name for way in TRANSFORMS if way.by_honest_sellers
    ]
    positives = int(DATA.labels.sum())
    assert {effect.listings for effect in effects if not effect.honest} == {positives}
    assert {effect.listings for effect in effects if effect.honest} == {80 - positives}


def test_the_policy_limits_the_number_of_rewritten_listings() -> None:
    listing_counts: list[int] = []

    def counts(facts: Sequence[Facts]) -> Floats:
        listing_counts.append(len({row_facts.listing.external_id for row_facts in facts}))
        return np.ones(len(facts))

    few = replace(DEFAULT_GATES, replay_most=12)
    assert (
        {effect.listings for effect in replay(HELD_OUT, by_facts(counts), REFERENCES, few, seed=0)}
        == set(listing_counts)
        == {12}
    )


def test_of_all_comparisons_together_one_in_twenty_may_fail_by_chance() -> None:
    comparisons = len(TRANSFORMS) + sum(way.by_honest_sellers for way in TRANSFORMS)
    assert 1 - DEFAULT_GATES.replay_confidence == pytest.approx(0.05 / comparisons, rel=0.1)


def test_the_lower_end_is_a_quantile_over_resampled_sellers() -> None:
    """One transform loses a quarter of the counterfeits; the interval is that of a share of about thirty."""
    lost = {facts.listing.external_id for facts in [f for f, y in zip(FACTS, DATA.labels, strict=True) if y][::4]}

    def loses(facts: Sequence[Facts]) -> Floats:
        return np.array(
            [
                float(not (row_facts.listing.external_id in lost and row_facts.listing.description is None))
                for row_facts in facts
            ]
        )

    effects = replay(HELD_OUT, by_facts(loses), REFERENCES, DEFAULT_GATES, seed=0)
    cut = next(effect for effect in effects if effect.name == "cut short" and not effect.honest)
    assert cut.worse == pytest.approx(len(lost) / DATA.labels.sum())
    assert 0.05 < cut.worse_at_least < cut.worse


def test_descriptions_are_copied_only_from_honest_listings() -> None:
    theirs = {facts.listing.description for facts, y in zip(FACTS, DATA.labels, strict=True) if y}
    honest_ones = {facts.listing.description for facts, y in zip(FACTS, DATA.labels, strict=True) if not y}

    def shows_only_their_own(facts: Sequence[Facts]) -> Floats:
        return np.array([float(row_facts.listing.description in theirs - honest_ones) for row_facts in facts])

    effects = replay(HELD_OUT, by_facts(shows_only_their_own), REFERENCES, DEFAULT_GATES, seed=0)
    copied = next(effect for effect in effects if effect.name == "copied description" and not effect.honest)
    assert (copied.before > 0, copied.after) == (True, 0.0)


def test_with_one_class_only_that_class_is_rewritten() -> None:
    only_honest = replace(HELD_OUT, labels=np.zeros(len(FACTS), dtype=np.int8))
    effects = replay(only_honest, by_facts(lambda facts: np.ones(len(facts))), REFERENCES, DEFAULT_GATES, seed=0)
    assert effects
    assert all(effect.honest for effect in effects)


def test_a_listing_at_the_threshold_is_shown() -> None:
    effects = replay(HELD_OUT, by_facts(lambda facts: np.full(len(facts), 0.5)), REFERENCES, DEFAULT_GATES, seed=0)
    assert {(effect.before, effect.after) for effect in effects} == {(1.0, 1.0)}


def test_the_interval_also_weights_honest_listings() -> None:
    """Every second honest listing is newly shown and represents thirty listings."""
    feared = {FACTS[i].listing.external_id for i in np.flatnonzero(DATA.labels == 0)[::2]}

    def afraid_of_some(facts: Sequence[Facts]) -> Floats:
        signs = [any(ord(c) > 0x2000 for c in row_facts.listing.title or "") for row_facts in facts]
        return np.array([float(s and f.listing.external_id in feared) for s, f in zip(signs, facts, strict=True)])

    stands_for = np.array([30.0 if facts.listing.external_id in feared else 1.0 for facts in FACTS])
    effects = replay(
        replace(HELD_OUT, stands_for=stands_for), by_facts(afraid_of_some), REFERENCES, DEFAULT_GATES, seed=0
    )
    emoji = next(effect for effect in effects if effect.honest and effect.name == "emoji")
    assert emoji.worse > 0.9
    assert emoji.worse_at_least > 0.8
