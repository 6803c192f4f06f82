from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.stats import binomtest

from features.facts import Facts
from features.text_kernel import COLUMNS, DESCRIPTION, TITLE, listing_texts
from models.own_words import OwnWords
from models.phrases import NO_PHRASES, Cell, CellKey, PhraseCount, PhraseTable, cell_keys, has_lift, phrases_of
from tests.features.plain import indices_plain
from tests.fixtures.facts import a_listing, some_facts
from tests.fixtures.scorers import PHRASES, a_text_model


def test_a_phrase_knows_the_fields_that_have_it() -> None:
    facts = some_facts(title="Mirror bag", description="A mirror. Mirror bag.")
    assert phrases_of(facts)["mirror"] == (("mirror",), (0, 1))
    assert phrases_of(facts)["mirror bag"] == (("mirror", "bag"), (0, 1))
    assert "bag a" not in phrases_of(facts)


def test_words_of_scripts_without_blanks_are_in_pairs_without_a_blank() -> None:
    assert list(phrases_of(some_facts(title="高仿手袋 new", description=None))) == ["手袋", "new", "高仿", "手袋 new"]


def test_no_word_begins_or_ends_with_a_part_of_a_name() -> None:
    """Cut without regard to the alias, "托" would be beside its last character."""
    facts = some_facts(title="全新奥蕾尔托特包", description="奥蕾尔托特包", product_type=None)
    assert list(phrases_of(facts)) == ["全新", "托特", "特包"]


def test_a_listing_has_three_cells_from_narrow_to_wide() -> None:
    assert cell_keys(some_facts(language="en-GB")) == (
        CellKey("brn_aurelle", "bags", "en"),
        CellKey("brn_aurelle", None, "en"),
        CellKey(None, None, "en"),
    )
    assert cell_keys(some_facts(brand=None, title="A tote", product_type=None, language=None))[0] == CellKey("", "", "")


def contrast_keys(title: str, **changes: Any) -> Mapping[str, CellKey]:
    facts = some_facts(title=title, description=None, **changes)
    return {contrast.phrase: contrast.cell.key for contrast in PHRASES.contrasts(facts)}


def test_the_narrowest_cell_with_support_decides() -> None:
    assert contrast_keys("Aurelle tote, mirror quality") == {
        "mirror": CellKey(None, None, "en"),
        "mirror quality": CellKey("brn_aurelle", "bags", "en"),
    }


def test_a_phrase_without_lift_where_it_is_decided_is_not_quoted_for_a_wider_lift() -> None:
    assert "leather" not in contrast_keys("Aurelle tote, leather")
    assert contrast_keys("Solenne tote, leather", brand="Solenne") == {"leather": CellKey(None, None, "en")}


def test_a_language_without_a_cell_quotes_nothing() -> None:
    assert (
        contrast_keys("Aurelle tote, mirror quality", language="fr")
        == contrast_keys("mirror quality", language=None)
        == {}
    )


def test_a_contrast_has_the_counts_of_its_cell() -> None:
    (contrast,) = PHRASES.contrasts(some_facts(title="mirror", description=None))
    assert (contrast.spoken.fields, contrast.listings, contrast.counterfeit) == ((0,), 30, 24)
    assert (contrast.cell.listings, contrast.cell.counterfeit) == (400, 100)


def table_quoting(*phrases: str) -> PhraseTable:
    cell = Cell(CellKey(None, None, "en"), 400, 100)
    return PhraseTable((cell,), {phrase: (PhraseCount(0, 30, 24, quoted=True),) for phrase in phrases})


OWN: list[tuple[str, dict[str, Any], str]] = [
    ("aurelle", {}, "the brand, declared and in the title"),
    ("solenne", {"title": "Solenne tote"}, "another brand that the title names"),
    ("nobody", {"brand": "Nobody & Sons", "title": "nobody tote"}, "a declared brand that is not registered"),
    ("sons", {"brand": "Nobody & Sons", "title": "tote, sons"}, "each word of its name"),
    ("aurele", {"title": "Aurele tote"}, "a misspelt brand"),
    ("аurelle", {"title": "аurelle tote"}, "a brand in look-alike letters"),
    ("奥蕾", {"title": "Aurelle 奥蕾", "brand": "奥蕾尔"}, "a part of an alias"),
    ("特包", {"title": "Aurelle 托特包", "product_type": "包"}, "a compound with a category of one character"),
    ("手提", {"title": "Aurelle 手提", "product_type": "手提包"}, "a part of a category"),
    ("bags", {"title": "bags"}, "the category"),
    ("bag", {"title": "bag"}, "its singular"),
    ("handbag", {"title": "handbag"}, "a compound"),
    ("bags quality", {"title": "bags quality"}, "in a pair of words"),
    ("сумка", {"title": "сумка", "product_type": "Женские сумки"}, "another case of the word"),
]


@pytest.mark.parametrize(("phrase", "changes", "_why"), OWN)
def test_words_that_name_the_goods_are_not_quoted(phrase: str, changes: dict[str, Any], _why: str) -> None:
    facts: Facts = some_facts(**{"title": "Aurelle", "description": None, **changes})
    assert phrase in phrases_of(facts)
    assert table_quoting(phrase).contrasts(facts) == []


def test_a_table_comes_back_whole() -> None:
    again = PhraseTable.from_dict(PHRASES.to_dict())
    assert (again.cells, again.entries) == (PHRASES.cells, PHRASES.entries)
    assert PhraseTable.from_dict(NO_PHRASES.to_dict()).entries == {}


def of_another_segmenter(table: PhraseTable) -> PhraseTable:
    return PhraseTable.from_dict({**table.to_dict(), "segmenter": "ICU 1.0"})


def test_a_table_of_another_segmenter_quotes_nothing_that_it_cut() -> None:
    """Its counts are those of other words."""
    before = table_quoting("mirror quality", "高仿", "new 高仿", "กระเป๋า", "हिन्दी", "копия")
    assert set(of_another_segmenter(before).entries) == {"mirror quality", "копия"}
    assert set(PhraseTable.from_dict(before.to_dict()).entries) == set(before.entries)


@pytest.mark.parametrize("segmenter", [None, 78, ["ICU 78.3"]])
def test_a_table_names_its_segmenter(segmenter: object) -> None:
    with pytest.raises(TypeError):
        PhraseTable.from_dict({**PHRASES.to_dict(), "segmenter": segmenter})


# The lower 95 % bound of 14 of 20 is 49.2 %, that of 13 of 20 is 44.2 %: any table of exact limits.
LIFTS = [
    (20, 14, 100, 30, True, "49.2 % is more than one and a half times 30 %"),
    (20, 13, 100, 30, False, "65 % is more than twice 30 %, but 44.2 % is less than one and a half times it"),
    (20, 14, 1_000, 327, True, "just below 49.2 %"),
    (20, 14, 1_000, 329, False, "just above 49.2 %"),
    (200, 140, 1_000, 329, True, "ten times as many listings say more"),
    (20, 0, 100, 0, False, "no counterfeit at all"),
    (20, 20, 100, 70, False, "no share is one and a half times 70 %"),
    (20, 20, 100, 57, True, "86.1 % is the bound of 20 of 20"),
]


@pytest.mark.parametrize(("n", "k", "all_n", "all_k", "expected", "_why"), LIFTS)
def test_lift_is_that_of_the_lower_bound(n: int, k: int, all_n: int, all_k: int, expected: bool, _why: str) -> None:
    assert bool(has_lift(n, k, all_n, all_k)) is expected


def test_the_bound_is_that_of_scipy_for_every_count_of_forty_listings() -> None:
    counts = np.arange(1, 41)
    for share in (0.02, 0.1, 0.25, 0.5):
        low = [binomtest(int(k), 40, alternative="greater").proportion_ci(0.95, method="exact").low for k in counts]
        lift_flags = has_lift(np.full(40, 40), counts, np.full(40, 10_000), np.full(40, 10_000 * share))
        assert lift_flags.tolist() == [bool(bound > 1.5 * share) for bound in low]


LISTINGS = [
    a_listing(),
    a_listing(title="女包 奥蕾尔 高仿", description=None),
    a_listing(title=None, brand=None, product_type=None, description="Сумка"),
]


def test_a_score_is_the_row_of_the_matrix_times_the_weights() -> None:
    """The second method: a sparse matrix of counts over the root of their number, made from the plain definition."""
    model = a_text_model()
    for listing in LISTINGS:
        row = sp.lil_matrix((1, COLUMNS))
        for field, text in enumerate(listing_texts([listing])):
            indices = indices_plain(text, field)
            for index in indices:
                row[0, index] += 1 / np.sqrt(len(indices))
        expected = (row.tocsr() @ model.weights.astype(np.float64))[0] + model.intercept
        assert model.log_odds(listing) == pytest.approx(expected, abs=1e-5)


def test_a_listing_without_text_scores_the_intercept() -> None:
    listing = a_listing(title=None, description=None, brand=None, product_type=None)
    assert a_text_model().log_odds(listing) == a_text_model().intercept


def test_many_scores_are_those_of_each() -> None:
    assert a_text_model().many(LISTINGS).tolist() == [a_text_model().log_odds(listing) for listing in LISTINGS]


def test_the_pull_of_a_phrase_is_the_sum_of_its_runs_in_the_fields_that_have_it() -> None:
    model = a_text_model()
    title, description = (model.weights[indices_plain("mirror", field)].sum() for field in (TITLE, DESCRIPTION))
    assert model.pull("mirror", (TITLE,)) == pytest.approx(title, abs=1e-6)
    assert model.pull("mirror", (TITLE, DESCRIPTION)) == pytest.approx(title + description, abs=1e-6)
    assert model.pull("mirror", ()) == 0


# Which words name goods.

OWN_WORDS_OWN = OwnWords.named(
    ["Aurelle", "Stone Island", "奥蕾尔", "グッチ", "กุชชี่"], ["Bags & Totes", "Watches", "手提包", "鞋"]
)
NAMES = [
    ("aurelle", "a brand"),
    ("stone", "a word of a brand"),
    ("tote", "a singular"),
    ("handbag", "a compound"),
    ("奥蕾", "a part of a brand"),
    ("全新奥蕾尔", "a brand with another word"),
    ("提包", "a part of a category"),
    ("跑鞋", "a compound with a category of one character"),
    ("グッチの", "a Japanese brand with a particle"),
    ("กุชชี่แท้", "a Thai brand with another word"),
]
OTHERS = ["mirror", "quality", "batch", "baroque", "water", "高仿", "包邮", "手袋", "鞋盒", "バッグ", "แท้"]


@pytest.mark.parametrize(("word", "_why"), NAMES)
def test_a_word_that_names_the_goods_is_found(word: str, _why: str) -> None:
    assert OWN_WORDS_OWN.include(word)


@pytest.mark.parametrize("word", OTHERS)
def test_other_words_are_no_names_of_goods(word: str) -> None:
    assert not OWN_WORDS_OWN.include(word)


def test_a_name_of_any_length_takes_little_work() -> None:
    """It is text from outside, and has as many parts as the square of its length."""
    assert len(OwnWords.named(["奥蕾" * 500], ["包" * 500]).parts) == 0
