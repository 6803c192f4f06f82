"""What people read of the routed listings of a simulated marketplace, held against the facts and the training rows.

The checks have rules of their own: their own reading of the lexicon's file, their own patterns for contacts, their own
list of brands and categories, and counts by a search in the texts of the training rows.
"""

import asyncio
import csv
import math
import re
import shutil
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pytest
from icu4py.breakers import WordBreaker
from scipy.stats import beta
from sqlalchemy import QueuePool

from features.compute import ComputedFeatures, compute
from features.facts import Facts
from features.near_duplicates import NearDuplicates
from models.bundle import Bundle, from_files, to_files
from models.explanations import TEXT_CODE
from models.messages.english import in_english
from models.policies.deciding import DEFAULT_ROUTING, DEFAULT_SCORECARD
from models.routing import Lane, Thresholds
from models.score import AMBIGUOUS, TITLE, Score, findings, named_parts
from serving.cases.service.opening import open_by_choice
from serving.listings.service.second_scores import give_second_scores
from serving.listings.store import listings, scores
from serving.scoring.service.bundles import BundleStore, LiveModels
from serving.scoring.service.scoring import QuestionBudget, ScoringInput, explain_score, score_and_route
from tests.fixtures.reading_reasons import faults, unread_codes
from tests.fixtures.runtimes import Site, a_row
from tests.fixtures.tiny_encoder import tiny_encoder
from tests.serving.cases.service.test_deferring import passed_listing
from tests.serving.listings.service.test_second_scores import (
    champion,
    constant_stage,
    just_below,
    send_listing,
    with_encoder,
)
from tests.serving.web.visits import visit_as, words
from training.evaluate.splits import seller_groups
from training.fit.classifier import CounterfeitClassifier
from training.fit.encoders import Encoder
from training.fit.listing_rows import ListingRows
from training.fit.phrases import fit_phrases
from training.simulation.market import Market
from training.simulation.simulate import START
from training.simulation.simulated.goods import GOODS, HOUSES
from training.simulation.synthetic import Settings


@dataclass(frozen=True)
class Size:
    """Listings to train on, listings to score after them, and the routed ones to check."""

    known: int
    fresh: int
    checked: int
    counterfeit_share: float


SMALL, FULL = Size(200, 200, 40, 0.25), Size(6_000, 20_000, 1_000, 0.1)
sizes = pytest.mark.parametrize(
    "size",
    [
        pytest.param(SMALL, id="small"),
        pytest.param(FULL, marks=[pytest.mark.soak, pytest.mark.timeout(1_800)], id="a thousand of twenty thousand"),
    ],
)
# Low, so that many listings are routed.
_THRESHOLDS = Thresholds(ask_brand_from=0.3, analyst_from=0.03)
SUPPORT, LIFT, LEVEL = 20, 1.5, 0.95  # As promised; not those of the code.


@dataclass(frozen=True)
class PlayedMarketplace:
    """A marketplace: the listings and labels that its model was trained on, and those that it routed."""

    training: list[Facts]
    labels: list[bool]
    bundle: Bundle
    routed: list[tuple[ComputedFeatures, Score]]


@cache
def play_marketplace(size: Size) -> PlayedMarketplace:
    """Train on the first listings of a marketplace, route the others, and take some of all that are routed."""
    market = Market(Settings(size.known + size.fresh, 11, START, counterfeit_share=size.counterfeit_share))
    known, fresh = market.listings[: size.known], market.listings[size.known :]
    training = [listing.computed.facts for listing in known]
    labels = np.array([listing.truth.counterfeit for listing in known], dtype=np.int8)
    groups, weights = seller_groups([listing.seller for listing in known]), np.ones(size.known)
    model = CounterfeitClassifier(seed=0, threads=2).fit(ListingRows.of(training), labels, groups=groups)
    references = market.references(market.end)
    bundle = from_files(
        to_files(
            model.model_,
            thresholds=_THRESHOLDS,
            references=references,
            references_as_of=market.end,
            masking=model.masking_,
            phrases=fit_phrases(training, labels, weights, groups, references.brands.brands.values()),
        )
    )
    scorings = score_and_route(
        [ScoringInput(listing.computed.facts, draw=0.4, already_open=False) for listing in fresh],
        model=bundle,
        questions=QuestionBudget(market.taking_part),
        routing=DEFAULT_ROUTING,
        scorecard=DEFAULT_SCORECARD,
        threads=2,
    )
    routed = [
        (listing.computed, scored.score)
        for listing, scored in zip(fresh, scorings, strict=True)
        if scored.route.lane is not Lane.NO_ACTION
    ]
    assert len(routed) >= size.checked
    places = np.linspace(0, len(routed) - 1, size.checked).astype(int)
    return PlayedMarketplace(training, [bool(label) for label in labels], bundle, [routed[i] for i in places])


@sizes
def test_no_sentence_is_empty_or_contradicts_its_weight_and_all_parts_add_up(size: Size) -> None:
    for _, score in play_marketplace(size).routed:
        assert faults(score.reasons) == []
        assert unread_codes(score.reasons) == []
        assert not any(reason.message.code == "item_photos" and reason.weight > 0 for reason in score.reasons)
        assert abs(math.fsum(reason.weight for reason in score.reasons) - score.value) <= 1e-9


# Words of contact, as a reader knows them.
_CONTACTS: Final = re.compile(
    r"[\w.+-]+@[\w-]+\.\w+|https?://\S+|\bwhatsapp\b|\bwechat\b|\btelegram\b|\bватсап\w*|\bвотсап\w*|\bтелеграм\w*|微信"
)
_NEGATIONS: Final = re.compile(r"\b(?:no|not|non|never|sin|без|не|нет|ни|никаких|isn't|aren't|without)\b|不|非|无|没")
_UNSEEN: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")


def plain(text: str | None) -> str:
    """A text without case, accents and invisible characters."""
    apart = unicodedata.normalize("NFKD", _UNSEEN.sub("", text or "")).casefold()
    letters = "".join(letter for letter in apart if unicodedata.category(letter) != "Mn")
    return " ".join(unicodedata.normalize("NFC", letters).split())


@cache
def strong_wording() -> list[tuple[str, re.Pattern[str]]]:
    """The lexicon's rows that convince by themselves: kind and pattern."""
    text = files("features").joinpath("data/lexicon.tsv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    kinds = {"grade", "factory", "inspired", "authenticity", "contact"}
    return [
        (row["kind"], re.compile(row["pattern"]))
        for row in rows
        if row["kind"] in kinds and row["specificity"] == "strong"
    ]


_KINDS: Final = {
    "grade": "text_replica_grade",
    "factory": "text_factory",
    "inspired": "text_inspired",
    "authenticity": "text_overclaim",
    "contact": "text_contact",
}


def evident_codes(facts: Facts) -> Iterator[set[str]]:
    """The hard evidence in the facts: of each finding, the codes of the messages that may tell it."""
    listing = facts.listing
    title, description = plain(listing.title), plain(listing.description)
    if not _NEGATIONS.search(f"{title} {description}"):
        yield from (
            {_KINDS[kind]}
            for kind, pattern in strong_wording()
            for text in (title, description)
            if pattern.search(text)
        )
    if _CONTACTS.search(f"{title} {description}"):
        yield {"text_contact", "text_contacts", "text_links", "text_hidden_links"}
    if _UNSEEN.search(f"{listing.title}{listing.description}"):
        yield {"text_invisible"}
    if any(mention.form.value != "plain" for mention in facts.brand.mentions):
        yield {"brand_disguised"}
    if facts.near_duplicates is not None and facts.near_duplicates.nearest_counterfeit:
        yield {"likeness_counterfeit"}
    price = facts.price
    if price.log_price is not None:
        known = price.brand_category or price.category
        if known is not None and price.log_price - known.log_median < math.log(0.2):
            yield {"price_to_brand_category.below", "price_to_category.below"}


@sizes
def test_hard_evidence_is_shown_wherever_it_is_and_stands_first(size: Size) -> None:
    seen = 0
    for computed, score in play_marketplace(size).routed:
        codes = {finding.code for finding in score.evidence}
        missing = [alternatives for alternatives in evident_codes(computed.facts) if not alternatives & codes]
        assert missing == [], (computed.facts.listing, codes)
        hard = [finding for finding in score.evidence if finding.code != AMBIGUOUS]
        assert list(findings(score.evidence, score.reasons)[: len(hard)]) == hard
        assert all(in_english(finding) for finding in score.evidence)
        seen += bool(hard)
    assert seen > size.checked / 20


@sizes
def test_a_price_at_four_percent_of_the_median_is_always_a_reason(size: Size) -> None:
    sample = play_marketplace(size)
    cheap = []
    for computed, _ in sample.routed:
        reference = computed.facts.price.brand_category or computed.facts.price.category
        if reference is not None:
            price = replace(computed.facts.price, log_price=reference.log_median + math.log(0.04))
            cheap.append(compute(replace(computed.facts, price=price)))
    assert len(cheap) > size.checked / 2
    for score in sample.bundle.score_many(cheap):
        first = findings(score.evidence, score.reasons)
        assert {"price_to_brand_category.below", "price_to_category.below"} & {finding.code for finding in first}
        assert "96%" in " ".join(map(in_english, first))


@sizes
def test_a_copy_of_a_confirmed_counterfeit_is_always_a_reason(size: Size) -> None:
    sample = play_marketplace(size)
    near_duplicates = NearDuplicates(listings=1, counterfeit=1, nearest=0.9, nearest_counterfeit=0.9)
    copied = [compute(replace(computed.facts, near_duplicates=near_duplicates)) for computed, _ in sample.routed[::4]]
    for computed, score in zip(copied, sample.bundle.score_many(copied), strict=True):
        assert {"likeness_counterfeit"} in list(evident_codes(computed.facts))
        assert "likeness_counterfeit" in {finding.code for finding in score.evidence}


@cache
def names_of_goods() -> frozenset[str]:
    """The words of all names of brands and categories of the simulation, with their singulars."""
    texts = [name for house in HOUSES for name in (house.brand.name, *house.brand.aliases)]
    texts += [goods.product_type for goods in GOODS.values()]
    words = {word for text in texts for word in re.findall(r"\w+", plain(text))}
    return frozenset(words | {word.removesuffix("s") for word in words})


@cache
def words_of_fields(text: str) -> tuple[tuple[str, ...], ...]:
    """The words of a plain text by runs without punctuation; Chinese as ICU cuts it."""
    return tuple(
        tuple(
            word
            for piece in re.findall(r"[\u4e00-\u9fff]+|[^\u4e00-\u9fff\s]+", run)
            for word in (WordBreaker(piece, "und") if re.match("[\u4e00-\u9fff]", piece) else [piece])
        )
        for run in re.split(r"[^\w\s'’-]|(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])", text)
    )


def has(facts: Facts, phrase: str) -> bool:
    """Whether a listing has a phrase: its words, one after the other."""
    for text in (facts.listing.title, facts.listing.description):
        for run in words_of_fields(plain(text)):
            if phrase in run or any(phrase in {f"{first} {second}", first + second} for first, second in pairwise(run)):
                return True
    return False


def cells_of(facts: Facts) -> list[tuple[str | None, str | None, str]]:
    """Brand, category and language, then brand and language, then language."""
    listing = facts.listing
    brand = facts.brand.brand_id or plain(facts.brand.name or listing.brand)
    language = (listing.language or "").split("-")[0]
    return [(brand, plain(listing.product_type), language), (brand, None, language), (None, None, language)]


@sizes
def test_quoted_phrases_have_support_and_lift_and_name_no_goods(size: Size) -> None:
    sample = play_marketplace(size)
    cells = [cells_of(facts) for facts in sample.training]
    found_before: dict[tuple[Any, str], tuple[int, int, int, int]] = {}

    def counted(cell: Any, phrase: str) -> tuple[int, int, int, int]:
        """Counterfeits with the phrase, all with it, counterfeits of the cell, and all of the cell."""
        if (cell, phrase) not in found_before:
            inside = [i for i, listing_cells in enumerate(cells) if cell in listing_cells]
            having = [i for i in inside if has(sample.training[i], phrase)]
            found_before[cell, phrase] = (
                sum(sample.labels[i] for i in having),
                len(having),
                sum(sample.labels[i] for i in inside),
                len(inside),
            )
        return found_before[cell, phrase]

    quoted = 0
    for computed, score in sample.routed:
        for part in named_parts(score.reasons):
            if part.code != TEXT_CODE:
                continue
            for phrase, contrast in zip(
                part.message.parameters["words"], part.message.parameters["contrasts"], strict=True
            ):
                assert has(computed.facts, phrase)
                assert names_of_goods().isdisjoint(phrase.split(" "))
                deciding = next(cell for cell in cells_of(computed.facts) if counted(cell, phrase)[1] >= SUPPORT)
                k, n, all_k, all_n = counted(deciding, phrase)
                parameters = contrast.parameters
                assert (parameters["counterfeit"], parameters["genuine"]) == (k, n - k), phrase
                assert (parameters["counterfeits"], parameters["genuines"]) == (all_k, all_n - all_k), phrase
                assert float(beta.ppf(1 - LEVEL, k, n - k + 1)) > LIFT * all_k / all_n
                counts_told = f"in {k:,} of {all_k:,} confirmed counterfeits and {n - k:,} of {all_n - all_k:,} genuine"
                assert in_english(contrast).startswith(f"“{phrase}”: {counts_told} listings ")
                quoted += 1
    assert quoted >= size.checked // 100 or size is SMALL


# Reasons of scores that were stored without any.

__all__ = ["tiny_encoder"]  # A fixture.
HIGH = Thresholds(0.999, 0.998)


def stored_score(site: Site, external_id: str = "MP-1") -> tuple[Mapping[str, Any], Facts]:
    with site.runtime.store.read() as connection:
        newest = listings.newest_version(
            connection, str(listings.id_of(connection, site.marketplace_id, external_id)), {site.marketplace_id}
        )
        score = scores.latest_of_version(connection, site.marketplace_id, newest.version_id)
        return score, scores.facts_of(connection, site.marketplace_id, score["facts_digest"])


def test_a_passed_listing_shows_the_parts_of_its_score_by_the_model_that_scored_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = champion(site, HIGH)
    listing_id, other_id = passed_listing(site), passed_listing(site, "MP-2")
    score, facts = stored_score(site)
    assert (score["lane"], score["reasons"]) == (Lane.NO_ACTION.value, [])
    second = champion(site, Thresholds(0.997, 0.996))
    explanation, live = explain_score(site.runtime, score, facts), site.runtime.services[LiveModels]
    assert sum(reason.weight for reason in explanation["reasons"]) == pytest.approx(score["value"], abs=1e-9)
    load = live.with_digest

    def off_the_loop(digest: str) -> Any:
        with pytest.raises(RuntimeError, match="no running event loop"):
            asyncio.get_running_loop()
        pool = site.runtime.store.reads.pool
        assert isinstance(pool, QueuePool)
        assert pool.checkedout() == 0, "no view of the database waits for a model"
        return load(digest)

    monkeypatch.setattr(live, "with_digest", off_the_loop)
    visitor = visit_as(site, site.analyst)
    case_id = open_by_choice(site.runtime, site.analyst, other_id)
    for address in (f"/listings/{listing_id}", f"/cases/{case_id}"):
        page = words(visitor.get(address).text)
        assert "No feature contributes" not in page
        assert "All other signals" in page
    off = explain_score(site.runtime, {**score, "value": score["value"] + 0.1}, facts)
    assert (off["reasons"], bool(off["why_none"])) == ((), True), "the parts would not add up"
    champion(site, Thresholds(0.995, 0.994))
    assert [load(past).digest for past in (digest, second)] == [digest, second]


def test_without_the_model_that_scored_it_the_page_says_so(site: Site) -> None:
    digest = champion(site, HIGH)
    listing_id = passed_listing(site)
    champion(site, Thresholds(0.997, 0.996))
    shutil.rmtree(site.runtime.services[BundleStore].folder(digest))
    page = words(visit_as(site, site.analyst).get(f"/listings/{listing_id}").text)
    assert "The parts of this score were not stored and cannot be computed now." in page
    assert f"The data directory of this process has no bundle {digest[:12]}." in page
    assert "The parts add up" not in page


def test_a_second_score_of_a_passed_listing_names_its_title_without_the_encoder(
    site: Site, tiny_encoder: Encoder
) -> None:
    champion(site, just_below(site), constant_stage(tiny_encoder, -50.0))
    send_listing(site)
    assert give_second_scores(with_encoder(site), site.marketplace_id) == 1
    score, facts = stored_score(site, a_row()["external_id"])
    assert (score["encoder"], score["reasons"]) == (tiny_encoder.identity, [])
    explanation = explain_score(site.runtime, score, facts)
    assert sum(reason.weight for reason in explanation["reasons"]) == pytest.approx(score["value"], abs=1e-9)
    (title,) = [reason.weight for reason in explanation["reasons"] if reason.code == TITLE]
    assert title < 0
