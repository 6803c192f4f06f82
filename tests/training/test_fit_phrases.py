"""The table of phrases against an independent recount with pandas and exact intervals."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from features.facts import Facts
from models.phrases import LIFT, SUPPORT, CellKey, PhraseTable, phrases_of
from tests.fixtures.facts import REGISTER, some_facts
from training import fit_phrases as module
from training.fit_phrases import FEWEST_SELLERS, fit_phrases, stop_words

BRANDS = list(REGISTER.brands.values())
# Words of Chinese titles, cut by hand: ICU's dictionary has all but "高仿" and "尾单", whose characters come alone.
SENTENCES = (
    ("工厂", "直销"),
    ("高", "仿", "手袋"),
    ("尾", "单"),
    ("数量", "有限"),
    ("奥蕾尔", "手袋"),
    ("高", "仿", "的", "手袋"),
)
FILLER = ("grained", "calf", "soft", "parcel", "boxed", "the", "with", "strap", "lining", "clasp", "stitched")
TELLING = ("mirror", "quality", "batch")


def rows(n: int = 900, seed: int = 3) -> Iterator[tuple[Facts, int, float, int]]:
    """Facts, label, weight and seller of listings; telling words are commoner in counterfeits of Aurelle's bags."""
    random = np.random.default_rng(seed)
    for i in range(n):
        brand = ("Aurelle", "Solenne", None)[int(random.integers(3))]
        category, language = ("Bags", "Belts")[int(random.integers(2))], ("en", "fr", None)[int(random.integers(3))]
        fake = bool(random.random() < 0.3)
        words = [*random.choice(FILLER, 4)]
        if random.random() < (0.9 if fake and brand == "Aurelle" else 0.1):
            words += [*TELLING[: int(random.integers(1, 4))], "other", "handbag"]
        if random.random() < 0.4:
            words.append(f"item {i}.")
        title = " ".join(filter(None, (brand, *words, "bag" if category == "Bags" else "belt")))
        facts = some_facts(title=title, description=None, brand=brand, product_type=category, language=language)
        yield facts, int(fake), float(random.choice([0.5, 1.0, 3.0])), i // 3
    for i in range(n, n + n // 2):
        fake = bool(random.random() < 0.3)
        telling = 3.0 if fake else 0.1
        likely = [1.0, telling, telling, telling, 1.0, telling]
        sentences = [SENTENCES[j] for j in random.choice(len(SENTENCES), 2, p=np.array(likely) / sum(likely))]
        title = "，".join("".join(sentence) for sentence in sentences)
        facts = some_facts(title=title, description=None, brand="Aurelle", product_type="手提包", language="zh")
        yield facts, int(fake), 1.0, i // 3


@cache
def the_rows() -> tuple[list[Facts], Any, Any, Any]:
    facts, labels, weights, sellers = zip(*rows(), strict=True)
    return list(facts), np.array(labels, dtype=np.int8), np.array(weights), np.array(sellers)


@cache
def the_table() -> PhraseTable:
    facts, labels, weights, sellers = the_rows()
    return fit_phrases(facts, labels, weights, sellers, BRANDS)


def words(title: str) -> list[str]:
    """The words of these plain titles, told apart without the code's own rule."""
    found = []
    for word in title.lower().split():
        allowed = (
            word.isalpha()
            and word not in stop_words()
            and not re.fullmatch("aurelle|solenne|(?:hand)?bags?|belts?", word)
        )
        found.append(word if allowed else "")
    return found


def phrases_in(title: str) -> set[str]:
    """The phrases that may be quoted."""
    if title.isascii():
        found = words(title)
        return {word for word in found if word} | {f"{a} {b}" for a, b in pairwise(found) if a and b}
    cut = [sentence for text in title.split("，") for sentence in SENTENCES if "".join(sentence) == text]
    plain = [[word if word not in {"奥蕾尔", "的"} else "" for word in sentence] for sentence in cut]
    alone = {word for sentence in plain for word in sentence if len(word) > 1}
    return alone | {a + b for sentence in plain for a, b in pairwise(sentence) if a and b}


def counted() -> pd.DataFrame:
    """By cell and phrase: listings, counterfeits and sellers that have it, by a recount over one row a pair."""
    facts, labels, weights, sellers = the_rows()
    records = []
    for one, label, weight, seller in zip(facts, labels, weights, sellers, strict=True):
        listing = one.listing
        brand = {"Aurelle": "brn_aurelle", "Solenne": "brn_solenne", None: ""}[listing.brand]
        phrases = phrases_in(listing.title or "")
        language = listing.language or ""
        for cell in (
            (brand, (listing.product_type or "").lower(), language),
            (brand, None, language),
            (None, None, language),
        ):
            records += [(cell, phrase, label, weight, seller) for phrase in {*phrases, None}]
    frame = pd.DataFrame(records, columns=["cell", "phrase", "label", "weight", "seller"])
    frame["fake_weight"] = frame.label * frame.weight
    return frame


def records(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    """The rows of a grouped frame by the names of their columns."""
    return frame.reset_index().to_dict(orient="records")


@cache
def recount() -> dict[tuple[CellKey, str], tuple[int, int, bool]]:
    """Listings, counterfeits and whether it is quoted, by cell and phrase with enough support."""
    frame = counted()
    whole = (
        frame[frame.phrase.isna()]
        .groupby("cell")
        .agg(n=("label", "size"), k=("label", "sum"), w=("weight", "sum"), kw=("fake_weight", "sum"))
    )
    having = (
        frame.dropna(subset="phrase")
        .groupby(["cell", "phrase"])
        .agg(
            n=("label", "size"),
            k=("label", "sum"),
            w=("weight", "sum"),
            kw=("fake_weight", "sum"),
            s=("seller", "nunique"),
        )
    )
    found = {}
    cells = {one["cell"]: one for one in records(whole)}
    for one in records(having[having.n >= SUPPORT]):
        around = cells[one["cell"]]
        low = binomtest(one["k"], one["n"]).proportion_ci(0.95, method="exact").low
        lift = low / (around["k"] / around["n"]) if around["k"] else 0
        weighed = (one["kw"] / one["w"]) / (around["kw"] / around["w"]) if around["kw"] else 0
        quoted = lift > LIFT and weighed >= LIFT and one["s"] >= FEWEST_SELLERS
        found[CellKey(*one["cell"]), one["phrase"]] = (int(one["n"]), int(one["k"]), bool(quoted))
    return found


def test_the_counts_are_those_of_a_recount() -> None:
    expected = recount()
    somewhere = {phrase for (_, phrase), (_, _, quoted) in expected.items() if quoted}
    found = {
        (the_table().cells[one.cell].key, phrase): (one.listings, one.counterfeit, one.quoted)
        for phrase, entries in the_table().entries.items()
        for one in entries
    }
    assert found == {key: counts for key, counts in expected.items() if key[1] in somewhere}
    assert {"mirror", "mirror quality", "高仿", "尾单"} <= somewhere


def test_the_cells_are_those_of_a_recount() -> None:
    frame = counted()
    whole = frame[frame.phrase.isna()]
    sizes = whole.groupby("cell").agg(n=("label", "size"), k=("label", "sum"))
    expected = {CellKey(*one["cell"]): (one["n"], one["k"]) for one in records(sizes)}
    assert {one.key: (one.listings, one.counterfeit) for one in the_table().cells}.items() <= expected.items()


def test_every_quoted_phrase_of_a_listing_has_support_and_lift_in_the_cell_that_decides() -> None:
    facts, *_ = the_rows()
    expected, quoted = recount(), 0
    for one in facts:
        for found in the_table().contrasts(one):
            key = found.cell.key
            assert expected[key, found.phrase] == (found.listings, found.counterfeit, True)
            assert all((cell, found.phrase) not in expected for cell in _narrower(one, key))
            quoted += 1
    assert quoted > 100


def _narrower(facts: Facts, key: CellKey) -> list[CellKey]:
    brand, category = facts.brand.brand_id or "", (facts.listing.product_type or "").lower()
    cells = [
        CellKey(brand, category, key.language),
        CellKey(brand, None, key.language),
        CellKey(None, None, key.language),
    ]
    return cells[: cells.index(key)]


def test_equal_rows_in_another_order_give_the_same_table() -> None:
    facts, labels, weights, sellers = the_rows()
    order = np.random.default_rng(1).permutation(len(facts))
    again = fit_phrases([facts[i] for i in order], labels[order], weights[order], sellers[order], BRANDS[::-1])
    assert again.to_dict() == the_table().to_dict()


def test_a_phrase_of_few_sellers_is_not_quoted() -> None:
    facts, labels, weights, _ = the_rows()
    few = np.arange(len(facts)) % (FEWEST_SELLERS - 1)
    assert fit_phrases(facts, labels, weights, few, BRANDS).entries == {}


@pytest.mark.parametrize("value", [0, 1])
def test_rows_of_one_class_have_no_lift(value: int) -> None:
    facts, labels, weights, sellers = the_rows()
    assert fit_phrases(facts, np.full_like(labels, value), weights, sellers, BRANDS).entries == {}


def test_a_weight_of_nothing_is_no_lift() -> None:
    """The model did not learn from these rows."""
    facts, labels, weights, sellers = the_rows()
    silent = np.where(labels > 0, 0.0, weights)
    assert fit_phrases(facts, labels, silent, sellers, BRANDS).entries == {}


def test_the_table_has_room_for_the_phrases_with_the_most_counterfeits(monkeypatch: pytest.MonkeyPatch) -> None:
    facts, labels, weights, sellers = the_rows()
    cells = {one.key: one.counterfeit / one.listings for one in the_table().cells}
    beyond = {key: k - n * cells[key[0]] for key, (n, k, quoted) in recount().items() if quoted}
    _, first = max(beyond, key=beyond.__getitem__)
    monkeypatch.setattr(module, "MOST_ENTRIES", len(the_table().entries[first]))
    assert list(fit_phrases(facts, labels, weights, sellers, BRANDS).entries) == [first]


def test_stop_words_and_words_for_the_goods_are_never_in_a_table() -> None:
    table = " ".join(the_table().entries).split()
    assert not {"the", "other", "aurelle", "handbag"} & set(table)
    spoken = {word for one in the_rows()[0] for phrase in phrases_of(one) for word in phrase.split()}
    assert {"the", "other", "aurelle", "handbag"} <= spoken
