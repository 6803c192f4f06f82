import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from features.compute import NAMES, Computed, compute
from features.facts import Facts
from models.explanations import _STORIES, MOST, TEXT_CODE, explain
from models.messages.english import in_english
from models.score import Reason
from tests.fixtures import strategies
from tests.fixtures.facts import A_HISTORY, bare_facts, full_facts, suspect_facts
from tests.fixtures.strategies import PROPERTY

SUSPECT = compute(suspect_facts(history=A_HISTORY))


def reasons(
    weights: dict[str, float], *, of: Computed = SUSPECT, text: float = 0.0, words: tuple[str, ...] = ()
) -> tuple[Reason, ...]:
    contributions = np.array([weights.get(name, 0.0) for name in NAMES])
    return explain(of.evidence, of.vector, contributions, text, words)


def test_every_feature_of_a_story_exists_and_tells_only_one() -> None:
    named = [name for names in _STORIES.values() for name in names]
    assert sorted(set(named)) == sorted(named)
    assert set(named) <= set(NAMES)


def test_a_reason_is_a_sentence_with_figures_and_its_weight() -> None:
    (found,) = reasons({"price_to_brand_category": 1.5})
    assert (found.code, found.message.code, found.weight) == ("price_level", "price_to_brand_category.below", 1.5)
    assert in_english(found.message) == "The price is 82% below the median of 20 listings of this brand and category."


SENTENCES = [
    (
        "text_replica_grade",
        "replica_wording",
        "Replica-grade wording: “1:1 mirror”, “mirror quality”, “1:1”.",
    ),
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
    found = reasons({"seller_age": 0.5, "price_log": -2.0, "item_version": 1.0})
    assert [reason.weight for reason in found] == [-2.0, 1.0, 0.5]


def test_at_most_five_are_told() -> None:
    found = reasons(dict.fromkeys(NAMES, 1.0), text=99.0)
    assert len(found) == MOST
    assert found[0].code == TEXT_CODE


def test_one_story_is_one_reason_with_the_message_of_its_largest_contribution() -> None:
    found = reasons({"price_to_brand_category": 1.0, "price_log": 0.4, "price_to_category": 0.2})
    assert [(reason.code, round(reason.weight, 9)) for reason in found] == [("price_level", 1.6)]
    assert "of this brand and category" in in_english(found[0].message)


def test_a_story_is_told_by_a_feature_that_speaks_its_way() -> None:
    """Together they point to counterfeit, so the largest that points against it must not give the message."""
    found = reasons({"price_to_brand_category": -1.0, "price_log": 0.8, "price_to_category": 0.7})
    assert in_english(found[0].message) == "The price is 89 EUR."


def test_what_hardly_moves_a_score_is_not_told() -> None:
    assert reasons({"seller_age": 0.049}, text=0.049) == ()


def test_what_is_not_known_accuses_nobody() -> None:
    assert reasons(dict.fromkeys(NAMES, 1.0), of=compute(bare_facts())) != ()
    known = {"price_level", "description", "brand_claim", "placeholder", "item_version"}
    told = {reason.code for reason in reasons(dict.fromkeys(NAMES, 1.0), of=compute(bare_facts()))}
    assert told <= known


WORDINGS = [
    (1.0, ("mirror", "1:1"), "The wording resembles confirmed counterfeits: “mirror”, “1:1”."),
    (1.0, (), "The wording resembles confirmed counterfeits."),
    (-1.0, ("mirror",), "The wording resembles listings found genuine."),
]


@pytest.mark.parametrize(("text", "words", "sentence"), WORDINGS)
def test_the_text_model_s_part_reads(text: float, words: tuple[str, ...], sentence: str) -> None:
    (found,) = reasons({}, text=text, words=words)
    assert (found.code, in_english(found.message), found.weight) == (TEXT_CODE, sentence, text)


@PROPERTY
@given(strategies.facts(), st.integers(0, 2**32))
def test_any_facts_and_contributions_give_sentences_of_known_values(facts: Facts, seed: int) -> None:
    computed = compute(facts)
    contributions = np.random.default_rng(seed).standard_normal(len(NAMES))
    found = explain(computed.evidence, computed.vector, contributions, 0.3, ("word",))
    assert len(found) <= MOST
    assert all(in_english(reason.message) and abs(reason.weight) >= 0.05 for reason in found)


def test_two_reasons_of_equal_weight_have_a_fixed_order() -> None:
    found = reasons({"seller_age": 1.0, "item_version": 1.0}, of=compute(full_facts()))
    assert [reason.code for reason in found] == ["item_version", "seller_age"]
