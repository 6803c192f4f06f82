"""The latest texts under each key equal those of a plain list of all texts under all keys."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from features.minhash import BANDS, BINS, band_keys
from serving.accounts.service import provisioning
from serving.listings.store import listings
from serving.listings.store.signatures import NewText, add_texts, bins_of, halves_of
from serving.listings.tables import TEXT_BANDS
from serving.platform.ids import digits_of
from serving.scoring.store.near_duplicates import keys_of
from serving.scoring.store.texts_under_keys import MOST_PER_KEY, KeyMoment, latest_under_keys, texts_before
from tests.fixtures.clocks import NOW
from tests.fixtures.runtimes import Site

AT_ONCE = 10_000


def signatures(many: int, of_template: int, seed: int) -> NDArray[np.uint16]:
    """Random signatures; those of a template share nine of ten bins with it, at random places among the others."""
    rng = np.random.default_rng(seed)
    drawn_signatures = rng.integers(0, 2**16, (many, BINS), dtype=np.uint16)
    template = rng.integers(0, 2**16, BINS, dtype=np.uint16)
    places = rng.permutation(many)[:of_template]
    drawn_signatures[places] = np.where(rng.random((of_template, BINS)) < 0.9, template, drawn_signatures[places])
    return drawn_signatures


def store(site: Site, marketplace_id: str, texts: NDArray[np.uint16], *, first: int = 0) -> list[str]:
    """Each text as the first version of a listing of its own; returns the ids, in the order of receipt."""
    ids = [f"ver_{first + i:026d}" for i in range(len(texts))]
    for start in range(0, len(texts), AT_ONCE):
        part = range(start, min(start + AT_ONCE, len(texts)))
        with site.runtime.store.write() as connection:
            listings.add_listings(connection, [_listing(marketplace_id, first + i, ids[i]) for i in part])
            listings.add_versions(connection, [_version(marketplace_id, first + i, ids[i]) for i in part])
            listings.add_observations(connection, [_observation(marketplace_id, first + i, ids[i]) for i in part])
            add_texts(connection, marketplace_id, [NewText(ids[i], ids[i], texts[i]) for i in part])
    return ids


def _listing(marketplace_id: str, number: int, version_id: str) -> dict[str, Any]:
    return {
        "marketplace_id": marketplace_id,
        "listing_id": f"lst_{number:026d}",
        "external_id": f"MP-{number}",
        "seller_external_id": None,
        "version_id": version_id,
        "version": 1,
        "content_hash": "",
        "observed_hash": "",
        "occurred_at": NOW,
        "first_known_at": NOW,
    }


def _version(marketplace_id: str, number: int, version_id: str) -> dict[str, Any]:
    return {
        "marketplace_id": marketplace_id,
        "version_id": version_id,
        "listing_id": f"lst_{number:026d}",
        "number": 1,
        "content_hash": "",
        "content": {},
        "seller_external_id": None,
        "price_minor": None,
        "currency": None,
        "log_price": None,
        "previous_log_price": None,
        "earlier_prices": {},
        "draw": 0.5,
        "brand_id": None,
        "brand_key": "",
        "category_key": "",
        "occurred_at": NOW,
        "known_at": NOW + timedelta(milliseconds=number),
    }


def _observation(marketplace_id: str, number: int, version_id: str) -> dict[str, Any]:
    return {
        "marketplace_id": marketplace_id,
        "observation_id": f"obs_{number:026d}",
        "listing_id": f"lst_{number:026d}",
        "version_id": version_id,
        "observed": {},
        "occurred_at": NOW,
        "known_at": NOW + timedelta(milliseconds=number),
    }


def expected_under_keys(
    ids: Sequence[str], texts: NDArray[np.uint16], probes: NDArray[np.uint16]
) -> dict[int, list[str]]:
    """The latest of all texts under each asked key."""
    every: dict[int, list[str]] = defaultdict(list)
    for text_id, text in zip(ids, texts, strict=True):
        for key in keys_of(text):
            every[key].append(text_id)
    keys = {key for probe in probes for key in keys_of(probe)}
    return {key: sorted(every[key])[-MOST_PER_KEY:] for key in keys if key in every}


def recent_under_keys(site: Site, marketplace_id: str, probes: NDArray[np.uint16]) -> dict[int, list[str]]:
    judged, recent = site.read(latest_under_keys, marketplace_id, list(probes))
    assert judged == {}
    return {key: sorted(texts) for key, texts in recent.items()}


@pytest.mark.parametrize(
    ("many", "of_template"),
    [(600, 120), pytest.param(100_000, 20_000, marks=[pytest.mark.soak, pytest.mark.timeout(900)])],
)
def test_the_latest_texts_under_each_key_are_those_of_all_texts(any_site: Site, many: int, of_template: int) -> None:
    texts = signatures(many, of_template, seed=1)
    ids = store(any_site, any_site.marketplace_id, texts)
    probes = np.concatenate([texts[:: many // 200], signatures(50, 25, seed=1)])
    expected = expected_under_keys(ids, texts, probes)
    assert recent_under_keys(any_site, any_site.marketplace_id, probes) == expected
    assert max(len(text_ids) for text_ids in expected.values()) == MOST_PER_KEY


def test_an_earlier_moment_has_the_latest_texts_of_then(any_site: Site) -> None:
    texts, until = signatures(300, 100, seed=2), 200
    ids = store(any_site, any_site.marketplace_id, texts)
    every = [key for text in texts[:until] for key in keys_of(text)]
    popular = max(every, key=every.count)
    probe = next(text for text in texts if popular in keys_of(text))
    expected = expected_under_keys(ids[:until], texts[:until], probe[None])
    moment, end = NOW + timedelta(milliseconds=until), digits_of(ids[until])
    with any_site.runtime.store.read() as connection:
        for band, (key, bins) in enumerate(zip(keys_of(probe), bins_of(probe), strict=True)):
            (then,) = texts_before(connection, any_site.marketplace_id, band, [KeyMoment(key, bins, moment, end)])
            assert sorted(then) == expected.get(key, [])
    assert len(expected[popular]) == MOST_PER_KEY < every.count(popular)


def test_keys_that_share_the_stored_half_are_told_apart(any_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """One half for all texts, as if every key had met another's: the bins decide, and the scan goes on behind them."""
    texts = signatures(60, 30, seed=3)
    with monkeypatch.context() as patch:
        for module in ("listings.store.signatures", "scoring.store.texts_under_keys"):
            patch.setattr(f"serving.{module}.halves_of", lambda _here, keys: np.zeros(keys.shape, np.int32))
        ids = store(any_site, any_site.marketplace_id, texts)
        assert recent_under_keys(any_site, any_site.marketplace_id, texts) == expected_under_keys(ids, texts, texts)


def test_other_marketplaces_have_other_halves_and_are_not_found(any_site: Site) -> None:
    other = provisioning.add_marketplace(any_site.runtime, name="Other", base_currency="EUR", by="test").marketplace_id
    texts = signatures(40, 20, seed=4)
    ids = store(any_site, any_site.marketplace_id, texts)
    store(any_site, other, texts, first=1_000)
    assert recent_under_keys(any_site, any_site.marketplace_id, texts) == expected_under_keys(ids, texts, texts)
    keys = band_keys(texts[0])
    assert not np.any(halves_of(any_site.marketplace_id, keys) == halves_of(other, keys))


def test_a_table_has_a_column_for_each_band() -> None:
    assert len(TEXT_BANDS) == BANDS
