import math
from dataclasses import replace
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from features.compute import NAMES, ComputedFeatures, compute
from features.facts import Facts
from features.message import message
from models.explanations import _STORIES, MOST, TEXT_CODE, Split, explain
from models.messages.english import in_english
from models.phrases import Cell, CellKey, Contrast, PhraseUse
from models.score import BASE, OTHER, REMAINDERS, TEXT, Reason, named_parts
from tests.fixtures import strategies
from tests.fixtures.facts import A_HISTORY, bare_facts, full_facts, some_facts, suspect_facts
from tests.fixtures.reading_reasons import faults, unread_codes
from tests.fixtures.strategies import PROPERTY

SUSPECT = compute(suspect_facts(history=A_HISTORY))
ORDINARY = compute(some_facts(history=A_HISTORY))
MIRROR = Contrast("mirror", PhraseUse(("mirror",), (0,)), Cell(CellKey("brn_aurelle", None, "en"), 254, 44), 34, 31)
QUALITY = Contrast("quality", PhraseUse(("quality",), (0,)), Cell(CellKey(None, None, "en"), 900, 90), 40, 20)


def parts(
    weights: dict[str, float],
    *,
    of: ComputedFeatures = SUSPECT,
    text: float = 0.0,
    base: float = 0.0,
    quoted: tuple[Contrast, ...] = (),
) -> tuple[Reason, ...]:
    contributions = np.array([weights.get(name, 0.0) for name in NAMES])
    total = math.fsum([*contributions.tolist(), text, base])
    return explain(of.evidence, of.vector, Split(total, contributions, text, base), quoted)


def reasons(weights: dict[str, float], of: ComputedFeatures = SUSPECT) -> tuple[Reason, ...]:
    return named_parts(parts(weights, of=of))


def test_every_feature_of_a_story_exists_and_tells_only_one() -> None:
    of_stories = [name for names in _STORIES.values() for name in names]
    assert sorted(set(of_stories)) == sorted(of_stories)
    assert set(of_stories) <= set(NAMES)


def test_a_reason_is_a_sentence_with_figures_and_its_weight() -> None:
    (reason,) = reasons({"price_to_brand_category": 1.5})
    assert (reason.code, reason.message.code, reason.weight) == ("price_level", "price_to_brand_category.below", 1.5)
    assert in_english(reason.message) == "The price is 82% below the median of 20 listings of this brand and category."


SENTENCES = [
    ("text_replica_grade", "replica_wording", "Replica-grade wording: “1:1 mirror”, “mirror quality”, “1:1”."),
    ("seller_age", "seller_age", "The seller's account is 9 days old."),
    ("brand_disguised", "brand_spelling", "Brand name in obfuscated spelling: Aurelle."),
    (
        "seller_confirmed_counterfeits",
        "earlier_verdicts",
        "2 earlier listings of the seller were confirmed counterfeit.",
    ),
    (
        "text_contact",
        "contact_elsewhere",
        "Invitations to contact the seller off-platform: “+86 138 0013 8000”, “whatsapp”.",
    ),
]


@pytest.mark.parametrize(("name", "code", "sentence"), SENTENCES, ids=[row[0] for row in SENTENCES])
def test_a_person_reads(name: str, code: str, sentence: str) -> None:
    assert [(reason.code, in_english(reason.message)) for reason in reasons({name: 1.0})] == [(code, sentence)]


def test_the_strongest_comes_first_whichever_way_it_speaks() -> None:
    score_reasons = reasons({"seller_age": 0.5, "price_log": -2.0, "item_version": 1.0})
    assert [reason.weight for reason in score_reasons] == [-2.0, 1.0, 0.5]


def test_at_most_five_are_told_and_the_rest_is_in_the_sum() -> None:
    score_parts = parts(dict.fromkeys(NAMES, 1.0), text=99.0, quoted=(MIRROR,))
    assert len(named_parts(score_parts)) == MOST
    assert named_parts(score_parts)[0].code == TEXT_CODE
    assert math.fsum(part.weight for part in score_parts) == pytest.approx(len(NAMES) + 99, abs=1e-9)


def test_one_story_is_one_reason_with_the_words_of_its_largest_contribution() -> None:
    score_reasons = reasons({"price_to_brand_category": 1.0, "price_to_list": 0.4, "price_to_category": 0.2})
    assert [(reason.code, round(reason.weight, 9)) for reason in score_reasons] == [("price_level", 1.6)]
    assert "of this brand and category" in in_english(score_reasons[0].message)


def test_words_that_conclude_go_before_words_that_describe() -> None:
    score_reasons = reasons({"price_to_brand_category": 0.3, "price_log": 1.0})
    assert in_english(score_reasons[0].message).startswith("The price is 82% below the median")
    assert in_english(reasons({"price_log": 1.0})[0].message) == "The price is 89 EUR."


def test_a_contribution_that_its_words_contradict_goes_to_the_remainder() -> None:
    """'82 % below the median' must not speak for genuine goods, and must not lend its weight to another sentence."""
    assert [(part.code, part.weight) for part in parts({"price_to_brand_category": -1.0, "price_to_list": 0.8})] == [
        ("price_level", 0.8),
        (TEXT, 0.0),
        (BASE, 0.0),
        (OTHER, pytest.approx(-1.0)),
    ]


def test_a_story_is_told_by_a_feature_on_the_side_of_their_sum() -> None:
    weights = {"seller_cleared": -0.9, "seller_confirmed_counterfeits": 0.6, "seller_strikes": 0.5}
    (reason,) = reasons(weights)
    assert reason.weight == pytest.approx(0.2)
    assert in_english(reason.message) == "2 earlier listings of the seller were confirmed counterfeit."


def test_photographs_accuse_nobody() -> None:
    of = compute(full_facts())
    assert reasons({"item_photos": 0.9}, of=of) == ()
    assert [in_english(reason.message) for reason in reasons({"item_photos": -0.9}, of=of)] == ["4 photographs."]


def test_what_hardly_moves_a_score_is_not_told() -> None:
    score_parts = parts({"seller_age": 0.049}, text=0.049, quoted=(MIRROR,))
    assert [(part.code, round(part.weight, 3)) for part in score_parts] == [(TEXT, 0.049), (BASE, 0.0), (OTHER, 0.049)]


def test_what_is_not_known_accuses_nobody() -> None:
    known = {"price_level", "description", "brand_claim", "placeholder"}
    score_parts = parts(dict.fromkeys(NAMES, 1.0), of=compute(bare_facts()))
    assert {reason.code for reason in named_parts(score_parts)} <= known
    assert math.fsum(part.weight for part in score_parts) == pytest.approx(len(NAMES), abs=1e-9)


def test_the_text_quotes_phrases_with_the_counts_of_their_cells() -> None:
    (reason,) = named_parts(parts({}, text=1.2, quoted=(MIRROR, QUALITY)))
    assert (reason.code, reason.weight) == (TEXT_CODE, 1.2)
    assert in_english(reason.message) == (
        "Phrases found more often in confirmed counterfeits than in genuine listings: “mirror”, “quality”."
    )
    assert [in_english(contrast) for contrast in reason.message.parameters["contrasts"]] == [
        "“mirror”: in 31 of 44 confirmed counterfeits and 3 of 210 genuine listings of this brand and language.",
        "“quality”: in 20 of 90 confirmed counterfeits and 20 of 810 genuine listings in this language.",
    ]


KINDS = [
    (CellKey("brn_aurelle", "bags", "en"), "of this brand, category and language", "all is stated"),
    (CellKey("brn_aurelle", None, "en"), "of this brand and language", "of any category"),
    (CellKey(None, None, "en"), "in this language", "of any brand"),
    (CellKey("", "bags", "en"), "of this category and language with no stated brand", "no brand"),
    (CellKey("brn_aurelle", "", ""), "of this brand with no stated category or language", "a brand alone"),
    (CellKey(None, None, ""), "with no stated language", "no language"),
]


@pytest.mark.parametrize(("key", "expected", "_why"), KINDS)
def test_a_contrast_says_what_the_counted_listings_have_in_common(key: CellKey, expected: str, _why: str) -> None:
    contrast = Contrast("mirror", PhraseUse(("mirror",), (0,)), Cell(key, 254, 44), 34, 31)
    (reason,) = named_parts(parts({}, text=1.2, quoted=(contrast,)))
    assert in_english(reason.message.parameters["contrasts"][0]).endswith(f"3 of 210 genuine listings {expected}.")


UNQUOTED = [
    (1.2, (), "no phrase can be quoted"),
    (-1.2, (MIRROR,), "a phrase of counterfeits must not speak for genuine goods"),
    (0.02, (MIRROR,), "it hardly moves the score"),
]


@pytest.mark.parametrize(("text", "quoted", "_why"), UNQUOTED)
def test_a_text_without_quotable_phrases_is_a_remainder(text: float, quoted: tuple[Contrast, ...], _why: str) -> None:
    score_parts = parts({"seller_age": 0.5}, text=text, quoted=quoted)
    assert [reason.code for reason in named_parts(score_parts)] == ["seller_age"]
    assert {part.code: part.weight for part in score_parts}[TEXT] == text


def test_the_remainders_come_last_and_say_what_they_are() -> None:
    assert [in_english(part.message) for part in parts({"seller_age": 0.5}, text=0.3, base=-2.0)[-3:]] == [
        "Text as a whole, without a phrase to quote.",
        "Average listing: the score before any finding.",
        "All other signals.",
    ]


@PROPERTY
@given(
    strategies.facts(),
    st.integers(0, 2**32),
    st.floats(-50, 50),
    st.floats(-50, 50),
    st.sampled_from([(), (MIRROR,), (MIRROR, QUALITY)]),
)
def test_any_parts_add_up_and_no_sentence_is_empty_or_contradicts_its_weight(
    facts: Facts, seed: int, text: float, base: float, quoted: tuple[Contrast, ...]
) -> None:
    computed = compute(facts)
    contributions = np.random.default_rng(seed).standard_normal(len(NAMES)) * 3
    total = float(contributions.sum()) + text + base
    score_parts = explain(computed.evidence, computed.vector, Split(total, contributions, text, base), quoted)
    assert abs(math.fsum(part.weight for part in score_parts) - total) <= 1e-9
    assert faults(score_parts) + unread_codes(score_parts) == []
    assert len(named_parts(score_parts)) <= MOST
    assert all(abs(reason.weight) >= 0.05 for reason in named_parts(score_parts))
    assert all(in_english(part.message) for part in score_parts)
    assert {part.code for part in score_parts} & REMAINDERS >= {BASE, OTHER}


ONE_OTHER = replace(A_HISTORY, listings=(A_HISTORY.listings or ())[:1])
NOTHING: dict[str, int] = {"d7": 0, "d30": 0, "d90": 0}
NOTHING_SOLD: dict[str, Any] = {
    "sales": NOTHING,
    "returns": NOTHING,
    "fake_returns": NOTHING,
    "seller": {"external_id": "lumo", "orders": NOTHING, "accepted": NOTHING, "returned": NOTHING, "gmv": NOTHING},
}
EDGES: dict[str, ComputedFeatures] = {
    "suspect": SUSPECT,
    "ordinary": ORDINARY,
    "everything known": compute(full_facts()),
    "no review": compute(
        full_facts(rating_counts=[0] * 5, comments_count=0, seller={"external_id": "lumo", "rating_count": 0})
    ),
    "nothing sold, nothing returned": compute(some_facts(**NOTHING_SOLD)),
    "photographs alone": compute(some_facts(description=None, photos_count=7)),
    "a price at 4 % of the median": compute(some_facts(price="20.00")),
    "a seller of one other listing": compute(some_facts(history=ONE_OTHER)),
}


@pytest.mark.parametrize("of", EDGES.values(), ids=EDGES)
@pytest.mark.parametrize("sign", [1, -1], ids=["accused", "cleared"])
def test_each_feature_alone_is_told_truly_or_not_at_all(of: ComputedFeatures, sign: int) -> None:
    parts_by_name = {name: parts({name: 0.7 * sign}, of=of) for name in NAMES}
    assert {
        name: wrong
        for name, score_parts in parts_by_name.items()
        if (wrong := faults(score_parts) + unread_codes(score_parts))
    } == {}
    assert {round(math.fsum(part.weight for part in score_parts), 9) for score_parts in parts_by_name.values()} == {
        0.7 * sign
    }


def test_two_reasons_of_equal_weight_have_a_fixed_order() -> None:
    score_reasons = reasons({"seller_age": 1.0, "item_version": 1.0})
    assert [reason.code for reason in score_reasons] == ["item_version", "seller_age"]


FORMERLY = [
    (Reason("returns", message("seller_return_share_90d", part=0, n=0), 0.4), "a share of nothing"),
    (Reason("linked", message("seller_linked_counterfeit_share", counterfeit=0, genuine=0), 0.4), "no verdict at all"),
    (Reason("item_photos", message("item_photos", n=2), 0.2), "photographs as an accusation"),
    (Reason("earlier", message("seller_confirmed_counterfeits", n=0), -0.3), "none of how many?"),
    (Reason("price_level", message("price_to_list.below", share=0.6, goods="a bag"), -0.5), "cheap, so genuine"),
    (Reason("price_level", message("price_to_category.equal", n=20), 0.5), "at the median, so counterfeit"),
    (Reason("earlier", message("seller_counterfeit_share", part=2, n=7), -0.5), "2 of 7, so genuine"),
    (Reason("seller_age", message("seller_age", n=3), -0.5), "an account of three days, so genuine"),
    (Reason("returns", message("seller_return_share_90d", part=0, n=90), 0.5), "none of 90, so counterfeit"),
    (Reason("ratings", message("item_rating", rating=2.1, n=40), -0.5), "rated badly, so genuine"),
]


@pytest.mark.parametrize(("reason", "_why"), FORMERLY)
def test_the_reader_of_these_tests_notices_what_was_told_formerly(reason: Reason, _why: str) -> None:
    """Otherwise the properties above could not fail."""
    assert faults([reason]) != []
