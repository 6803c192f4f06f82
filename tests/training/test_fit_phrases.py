"""The table of phrases against an independent recount with pandas and exact intervals."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Any, Final, cast

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta

from features.facts import Facts
from models.phrases import LIFT, SUPPORT, CellKey, PhraseTable, phrases_of
from tests.fixtures.facts import REGISTER, some_facts
from training.fit import phrases as module
from training.fit.phrases import FEWEST_SELLERS, fit_phrases, stop_words

BRANDS = list(REGISTER.brands.values())
# Words of Chinese titles, cut by hand: ICU's dictionary has all but "高仿" and "尾单", whose characters come alone.
# No phrase has the brand's alias or a stop word, and 仿 belongs to 高.
PHRASES_OF = {
    "工厂直销": {"工厂", "直销", "工厂直销"},
    "高仿手袋": {"手袋", "高仿"},
    "尾单": {"尾单"},
    "数量有限": {"数量", "有限", "数量有限"},
    "奥蕾尔手袋": {"手袋"},
    "高仿的手袋": {"手袋", "高仿"},
}
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
        sentences = [list(PHRASES_OF)[j] for j in random.choice(len(PHRASES_OF), 2, p=np.array(likely) / sum(likely))]
        title = "，".join(sentences)
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
    plain_words = []
    for word in title.lower().split():
        allowed = (
            word.isalpha()
            and word not in stop_words()
            and not re.fullmatch("aurelle|solenne|(?:hand)?bags?|belts?", word)
        )
        plain_words.append(word if allowed else "")
    return plain_words


def phrases_in(title: str) -> set[str]:
    """The phrases that may be quoted."""
    if title.isascii():
        plain_words = words(title)
        return {word for word in plain_words if word} | {f"{a} {b}" for a, b in pairwise(plain_words) if a and b}
    return {phrase for text in title.split("，") for phrase in PHRASES_OF[text]}


def counted_phrases() -> pd.DataFrame:
    """One row for each listing, each of its cells and each of its phrases; no phrase stands for the listing itself."""
    facts, labels, weights, sellers = the_rows()
    records = []
    for row, (listing_facts, label, weight, seller) in enumerate(zip(facts, labels, weights, sellers, strict=True)):
        listing = listing_facts.listing
        brand = {"Aurelle": "brn_aurelle", "Solenne": "brn_solenne", None: ""}[listing.brand]
        language = listing.language or ""
        for cell in (
            (brand, (listing.product_type or "").lower(), language),
            (brand, None, language),
            (None, None, language),
        ):
            records += [
                (cell, phrase, row, label, weight, seller) for phrase in {*phrases_in(listing.title or ""), None}
            ]
    frame = pd.DataFrame(records, columns=["cell", "phrase", "row", "label", "weight", "seller"])
    frame["fake_weight"] = frame.label * frame.weight
    return frame


def shares_of_goods(frame: pd.DataFrame) -> dict[int, float]:
    """The share of counterfeits of goods as each row's: cells with 20 listings more of the share of the wider cell."""
    whole = frame[frame.phrase.isna()]
    counts = {record["cell"]: (record["k"], record["n"]) for record in records(whole.groupby("cell").agg(**COUNTS))}
    shares: dict[int, float] = {}
    for row, cells in whole.groupby("row").cell.agg(list).items():
        narrow, middle, wide = ((counts[cell][0], counts[cell][1]) for cell in cells)
        share = wide[0] / wide[1]
        for k, n in (middle, narrow):
            share = (k + 20 * share) / (n + 20)
        shares[cast("int", row)] = share
    return shares


def bound(k: float, n: float) -> float:
    """The lower 95 % bound of a share, as a quantile of the beta distribution."""
    return float(beta.ppf(0.05, k, n - k + 1)) if k else 0.0


COUNTS: Final[dict[str, Any]] = {
    "n": ("label", "size"),
    "k": ("label", "sum"),
    "w": ("weight", "sum"),
    "kw": ("fake_weight", "sum"),
}


def records(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    """The rows of a grouped frame by the names of their columns."""
    return frame.reset_index().to_dict(orient="records")


@cache
def recount() -> dict[tuple[CellKey, str], tuple[int, int, bool]]:
    """Listings, counterfeits and whether it is quoted, by cell and phrase with enough support."""
    frame = counted_phrases()
    frame["usual"] = frame.row.map(shares_of_goods(frame))
    frame["phrase"] = frame.phrase.fillna("")
    by_seller = frame.groupby(["cell", "phrase", "seller"]).label.mean().groupby(["cell", "phrase"])
    sums = frame.groupby(["cell", "phrase"]).agg(**COUNTS, usual=("usual", "mean"))
    sums["sellers"], sums["fake_sellers"] = by_seller.size(), by_seller.sum()
    all_of = {record["cell"]: record for record in records(sums) if record["phrase"] == ""}
    counts = {}
    for record in records(sums[sums.n >= SUPPORT]):
        around = all_of[record["cell"]]
        low, low_sellers = bound(record["k"], record["n"]), bound(record["fake_sellers"], record["sellers"])
        quoted = (
            low > LIFT * max(around["k"] / around["n"], record["usual"])
            and low_sellers > LIFT * around["fake_sellers"] / around["sellers"]
            and record["kw"] / record["w"] >= LIFT * around["kw"] / around["w"]
            and record["sellers"] >= FEWEST_SELLERS
        )
        if record["phrase"]:
            counts[CellKey(*record["cell"]), record["phrase"]] = (int(record["n"]), int(record["k"]), bool(quoted))
    return counts


def test_the_counts_are_those_of_a_recount() -> None:
    expected = recount()
    somewhere = {phrase for (_, phrase), (_, _, quoted) in expected.items() if quoted}
    quoted_counts = {
        (the_table().cells[phrase_counts.cell].key, phrase): (
            phrase_counts.listings,
            phrase_counts.counterfeit,
            phrase_counts.quoted,
        )
        for phrase, entries in the_table().entries.items()
        for phrase_counts in entries
    }
    assert quoted_counts == {key: counts for key, counts in expected.items() if key[1] in somewhere}
    assert {"mirror", "mirror quality", "高仿", "尾单"} <= somewhere


def test_the_cells_are_those_of_a_recount() -> None:
    frame = counted_phrases()
    whole = frame[frame.phrase.isna()]
    sizes = whole.groupby("cell").agg(n=("label", "size"), k=("label", "sum"))
    expected = {CellKey(*record["cell"]): (record["n"], record["k"]) for record in records(sizes)}
    assert {cell.key: (cell.listings, cell.counterfeit) for cell in the_table().cells}.items() <= expected.items()


def test_every_quoted_phrase_of_a_listing_has_support_and_lift_in_the_cell_that_decides() -> None:
    facts, *_ = the_rows()
    expected, quoted = recount(), 0
    for listing_facts in facts:
        for contrast in the_table().contrasts(listing_facts):
            key = contrast.cell.key
            assert expected[key, contrast.phrase] == (contrast.listings, contrast.counterfeit, True)
            assert all((cell, contrast.phrase) not in expected for cell in _narrower(listing_facts, key))
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


# (brand, word, listings, counterfeits, sellers), the sellers of the counterfeits first.
Part = tuple[str, str, int, int, int]


def quoted_phrases_of(*parts: Part, weight_of: str = "", weight: float = 1.0) -> set[tuple[str | None, str]]:
    """The phrases that are quoted, with the brand of the cell, of listings in English; one word's have a weight."""
    facts: list[Facts] = []
    labels: list[bool] = []
    sellers: list[int] = []
    weights: list[float] = []
    for brand, word, listings, counterfeits, of_sellers in parts:
        first = len(sellers) and max(sellers) + 1
        for i in range(listings):
            facts.append(some_facts(title=f"{brand}, {word}", description=None, brand=brand, product_type=None))
            labels.append(i < counterfeits)
            sellers.append(first + i * of_sellers // listings)
            weights.append(weight if word == weight_of else 1.0)
    table = fit_phrases(facts, np.array(labels, np.int8), np.array(weights), np.array(sellers), BRANDS)
    return {
        (table.cells[phrase_counts.cell].key.brand, phrase)
        for phrase, entries in table.entries.items()
        for phrase_counts in entries
        if phrase_counts.quoted
    }


@pytest.mark.parametrize(("sellers", "expected"), [(FEWEST_SELLERS - 1, False), (FEWEST_SELLERS, True)])
def test_a_phrase_of_few_sellers_is_not_quoted(sellers: int, expected: bool) -> None:
    quoted_phrases = quoted_phrases_of(("Aurelle", "mirror", 24, 24, sellers), ("Aurelle", "grained", 400, 0, 100))
    assert ((None, "mirror") in quoted_phrases) is expected


def test_a_phrase_that_one_seller_repeats_is_not_quoted() -> None:
    """Twenty of thirty listings, but one of eleven sellers."""
    one_seller, ten, honest = (("Aurelle", "mirror", n, k, s) for n, k, s in ((20, 20, 1), (20, 20, 10), (10, 0, 10)))
    others: Part = ("Aurelle", "grained", 400, 40, 100)
    assert (None, "mirror") not in quoted_phrases_of(one_seller, honest, others)
    assert (None, "mirror") in quoted_phrases_of(ten, honest, others)


def test_the_name_of_a_much_counterfeited_model_is_not_quoted_for_its_goods() -> None:
    """Half the listings of its brand are counterfeits, with and without the name, and few of another brand."""
    of_the_brand: list[Part] = [("Aurelle", "colline", 100, 50, 50), ("Aurelle", "grained", 100, 50, 50)]
    assert quoted_phrases_of(*of_the_brand, ("Solenne", "grained", 600, 6, 100)) == set()


def test_a_phrase_of_rarely_counterfeited_goods_needs_the_lift_of_its_cell_too() -> None:
    """The sentence has the counts of the cell, in which it is no commoner in counterfeits."""
    quoted_phrases = quoted_phrases_of(
        ("Solenne", "mirror", 100, 30, 50),
        ("Solenne", "grained", 300, 0, 100),
        ("Aurelle", "calf", 300, 180, 5),
        weight_of="calf",
        weight=0.01,
    )
    assert ("brn_solenne", "mirror") in quoted_phrases
    assert (None, "mirror") not in quoted_phrases


@pytest.mark.parametrize("label", [0, 1])
def test_rows_of_one_class_have_no_lift(label: int) -> None:
    facts, labels, weights, sellers = the_rows()
    assert fit_phrases(facts, np.full_like(labels, label), weights, sellers, BRANDS).entries == {}


def test_a_weight_of_nothing_is_no_lift() -> None:
    """The model did not learn from these rows."""
    facts, labels, weights, sellers = the_rows()
    assert fit_phrases(facts, labels, np.where(labels > 0, 0.0, weights), sellers, BRANDS).entries == {}


def test_the_table_has_room_for_the_phrases_with_the_most_counterfeits(monkeypatch: pytest.MonkeyPatch) -> None:
    facts, labels, weights, sellers = the_rows()
    cells = {cell.key: cell.counterfeit / cell.listings for cell in the_table().cells}
    beyond = {key: k - n * cells[key[0]] for key, (n, k, quoted) in recount().items() if quoted}
    _, first = max(beyond, key=beyond.__getitem__)
    monkeypatch.setattr(module, "MOST_ENTRIES", len(the_table().entries[first]))
    assert list(fit_phrases(facts, labels, weights, sellers, BRANDS).entries) == [first]


def test_stop_words_and_words_for_the_goods_are_never_in_a_table() -> None:
    assert not {"the", "other", "aurelle", "handbag"} & set(" ".join(the_table().entries).split())
    spoken = {word for facts in the_rows()[0] for phrase in phrases_of(facts) for word in phrase.split()}
    assert {"the", "other", "aurelle", "handbag"} <= spoken
