"""Item signals: the age, sales, returns, ratings and comments of the listing."""

from typing import Final

from features.message import age_message, message, part_message
from features.spec import (
    MISSING,
    SHARE,
    Evidence,
    Family,
    Registry,
    Scale,
    Side,
    above_prior,
    accusing,
    age_in_days,
    burst,
    clearing,
    either_if_any,
    grave_share,
    high_is_counterfeit,
    log1p,
    log_of,
    low_is_counterfeit,
    recent_share,
    shrunk_share,
    smoothed_share,
)

_ONE_STAR: Final = 0.06  # The prior share of one-star ratings.
_STARS: Final = low_is_counterfeit(4.0, 4.5)
signals = Registry(Family.ITEM, source="Ozon E-CUP 2025: item columns")


@signals.feature(
    log_of("days"),
    missing="the source does not say when the listing was first published",
    side=age_in_days(30, 365),
    say=lambda e, _: age_message("item_age", e.facts.listing.age_days),
)
def item_age(e: Evidence) -> float:
    """Days since the listing was first published."""
    return log1p(e.facts.listing.age_days)


@signals.feature(
    log_of("items"),
    missing="sales not sent",
    side=either_if_any,
    say=lambda e, _: message("item_sales_7d", n=round(e.facts.listing.sales.d7 or 0)),
)
def item_sales_7d(e: Evidence) -> float:
    """Items of this listing sold in 7 days."""
    return log1p(e.facts.listing.sales.d7)


@signals.feature(
    log_of("items"),
    missing="sales not sent",
    side=either_if_any,
    say=lambda e, _: message("item_sales_90d", n=round(e.facts.listing.sales.d90 or 0)),
)
def item_sales_90d(e: Evidence) -> float:
    """Items of this listing sold in 90 days."""
    return log1p(e.facts.listing.sales.d90)


@signals.feature(
    SHARE,
    missing="sales or returns not sent",
    version=2,
    side=above_prior(lambda priors: priors.item_returns.mean),
    say=lambda e, _: part_message("item_return_share", e.facts.listing.returns.d90, e.facts.listing.sales.d90),
)
def item_return_share(e: Evidence) -> float:
    """Share of sales returned in 90 days, smoothed towards the base rate."""
    return shrunk_share(e.facts.listing.returns.d90, e.facts.listing.sales.d90, e.priors.item_returns)


@signals.feature(
    SHARE,
    missing="sales or such returns not sent",
    source="Ozon E-CUP 2025: item_count_fake_returns; close to the label where labels come from the same complaints",
    version=2,
    side=grave_share(lambda e: e.facts.listing.fake_returns.d90, lambda priors: priors.item_fake_returns.mean),
    say=lambda e, _: part_message(
        "item_fake_return_share", e.facts.listing.fake_returns.d90, e.facts.listing.sales.d90
    ),
)
def item_fake_return_share(e: Evidence) -> float:
    """Share of sales returned as not genuine in 90 days, smoothed towards the base rate."""
    return shrunk_share(e.facts.listing.fake_returns.d90, e.facts.listing.sales.d90, e.priors.item_fake_returns)


@signals.feature(
    log_of("items"),
    missing="such returns not sent",
    side=accusing,
    say=lambda e, _: message("item_fake_returns_30d", n=round(e.facts.listing.fake_returns.d30 or 0)),
)
def item_fake_returns_30d(e: Evidence) -> float:
    """Items of this listing returned as not genuine in 30 days."""
    return log1p(e.facts.listing.fake_returns.d30)


@signals.feature(
    SHARE,
    missing="sales not sent or none in 90 days",
    source="Own choice: bursts, over the windows of Ozon E-CUP 2025",
    side=burst,
    say=lambda _, v: message("item_recent_sales_share", share=v),
)
def item_recent_sales_share(e: Evidence) -> float:
    """Share of the sales of 90 days that fell in the last 7 days."""
    return recent_share(e.facts.listing.sales)


@signals.feature(
    Scale("stars", 1, 5),
    missing="ratings not sent",
    side=lambda e, _: _STARS(e, _mean_rating(e)),
    say=lambda e, _: message("item_rating", rating=_mean_rating(e), n=_rating_count(e)) if _rating_count(e) else None,
)
def item_rating(e: Evidence) -> float:
    """Mean rating of the listing, smoothed towards 4.3 with the weight of ten ratings."""
    counts = e.facts.listing.rating_counts
    if counts is None:
        return MISSING
    stars = sum(n * (i + 1) for i, n in enumerate(counts))
    return (stars + 4.3 * 10) / (sum(counts) + 10)


@signals.feature(
    SHARE,
    missing="ratings not sent",
    side=high_is_counterfeit(_ONE_STAR, _ONE_STAR),
    say=lambda e, _: part_message("item_one_star_share", (e.facts.listing.rating_counts or (0,))[0], _rating_count(e)),
)
def item_one_star_share(e: Evidence) -> float:
    """Share of one-star ratings, smoothed towards 6 %."""
    counts = e.facts.listing.rating_counts
    return MISSING if counts is None else smoothed_share(counts[0], sum(counts), prior=_ONE_STAR, strength=10)


@signals.feature(
    log_of("ratings"),
    missing="ratings not sent",
    side=clearing,
    say=lambda e, _: message("item_ratings", n=_rating_count(e)),
)
def item_ratings(e: Evidence) -> float:
    """Number of ratings of the listing."""
    return MISSING if e.facts.listing.rating_counts is None else log1p(_rating_count(e))


@signals.feature(
    log_of("comments"),
    missing="comments not counted by the source",
    side=clearing,
    say=lambda e, _: message("item_comments", n=e.facts.listing.comments_count or 0),
)
def item_comments(e: Evidence) -> float:
    """Comments of buyers."""
    return log1p(e.facts.listing.comments_count)


@signals.feature(
    log_of("photographs"),
    missing="photographs not counted by the source",
    side=clearing,
    say=lambda e, _: message("item_photos", n=e.facts.listing.photos_count or 0),
)
def item_photos(e: Evidence) -> float:
    """Photographs published with the listing or its comments."""
    return log1p(e.facts.listing.photos_count)


@signals.feature(
    Scale("versions", 1, 100),
    missing="never",
    source="Own choice: what changes after the first publication",
    side=lambda _, v: Side.EITHER if v > 1 else Side.NONE,
    say=lambda e, _: message("item_version", n=e.facts.version),
)
def item_version(e: Evidence) -> float:
    """How often the listing has been changed, counting from 1 and at most 100."""
    return float(min(e.facts.version, 100))


def _rating_count(e: Evidence) -> int:
    return sum(e.facts.listing.rating_counts or ())


def _mean_rating(e: Evidence) -> float:
    """The mean of the ratings themselves, which is what a person reads; NaN without ratings."""
    counts = e.facts.listing.rating_counts or ()
    return sum(n * (i + 1) for i, n in enumerate(counts)) / sum(counts) if sum(counts) else MISSING
