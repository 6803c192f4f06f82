"""Signals of the offer itself: how long it stands, how it sells, what buyers sent back and said."""

from features.spec import (
    MISSING,
    SHARE,
    Evidence,
    Family,
    Registry,
    Scale,
    log1p,
    log_of,
    recent_share,
    smoothed_share,
    usual_share,
)

signals = Registry(Family.ITEM, source="E-CUP item columns")


@signals.feature(
    log_of("days"),
    missing="the source does not say when the offer was first published",
    say=lambda e, _: f"The offer was first published {e.facts.listing.age_days:,} days ago",
)
def item_age(e: Evidence) -> float:
    """Days since the offer was first published."""
    return log1p(e.facts.listing.age_days)


@signals.feature(
    log_of("items"),
    missing="sales of the offer not sent",
    say=lambda e, _: f"{e.facts.listing.sales.d7:,.0f} sold in 7 days",
)
def item_sales_7d(e: Evidence) -> float:
    """Items of this offer sold in 7 days."""
    return log1p(e.facts.listing.sales.d7)


@signals.feature(
    log_of("items"),
    missing="sales of the offer not sent",
    say=lambda e, _: f"{e.facts.listing.sales.d90:,.0f} sold in 90 days",
)
def item_sales_90d(e: Evidence) -> float:
    """Items of this offer sold in 90 days."""
    return log1p(e.facts.listing.sales.d90)


@signals.feature(
    SHARE,
    missing="sales or returns of the offer not sent",
    version=2,
    say=lambda e, _: f"{_of(e.facts.listing.returns.d90, e.facts.listing.sales.d90)} sold in 90 days came back",
)
def item_return_share(e: Evidence) -> float:
    """Share of sales returned in 90 days, pulled towards what is usual here."""
    return usual_share(e.facts.listing.returns.d90, e.facts.listing.sales.d90, e.priors.item_returns)


@signals.feature(
    SHARE,
    missing="sales or such returns of the offer not sent",
    source="E-CUP item_count_fake_returns; close to the label where labels come from the same complaints",
    version=2,
    say=lambda e, _: (
        f"{_of(e.facts.listing.fake_returns.d90, e.facts.listing.sales.d90)} sold in 90 days came back as not genuine"
    ),
)
def item_fake_return_share(e: Evidence) -> float:
    """Share of sales returned as not genuine in 90 days, pulled towards what is usual here."""
    return usual_share(e.facts.listing.fake_returns.d90, e.facts.listing.sales.d90, e.priors.item_fake_returns)


@signals.feature(
    log_of("items"),
    missing="such returns of the offer not sent",
    say=lambda e, _: f"{e.facts.listing.fake_returns.d30:,.0f} returned as not genuine in 30 days",
)
def item_fake_returns_30d(e: Evidence) -> float:
    """Items of this offer returned as not genuine in 30 days."""
    return log1p(e.facts.listing.fake_returns.d30)


@signals.feature(
    SHARE,
    missing="sales of the offer not sent or none in 90 days",
    source="Bursts: capabilities row 16",
    say=lambda _, v: f"{100 * v:.0f} % of the sales of 90 days fell in the last 7",
)
def item_recent_sales_share(e: Evidence) -> float:
    """Share of the sales of 90 days that fell in the last 7."""
    return recent_share(e.facts.listing.sales)


@signals.feature(
    Scale("stars", 1, 5),
    missing="ratings of the offer not sent",
    say=lambda e, v: f"Rated {v:.1f} of 5 by {_ratings(e):,} buyers",
)
def item_rating(e: Evidence) -> float:
    """Mean rating of the offer, smoothed towards 4.3 as if ten buyers had given it."""
    counts = e.facts.listing.rating_counts
    if counts is None:
        return MISSING
    stars = sum(n * (i + 1) for i, n in enumerate(counts))
    return (stars + 4.3 * 10) / (sum(counts) + 10)


@signals.feature(
    SHARE,
    missing="ratings of the offer not sent",
    say=lambda e, _: f"{(e.facts.listing.rating_counts or (0,))[0]:,} of {_ratings(e):,} ratings have one star",
)
def item_one_star_share(e: Evidence) -> float:
    """Share of one-star ratings, smoothed towards 6 %."""
    counts = e.facts.listing.rating_counts
    return MISSING if counts is None else smoothed_share(counts[0], sum(counts), prior=0.06, strength=10)


@signals.feature(
    log_of("ratings"), missing="ratings of the offer not sent", say=lambda e, _: f"{_ratings(e):,} ratings"
)
def item_ratings(e: Evidence) -> float:
    """Number of ratings of the offer."""
    return MISSING if e.facts.listing.rating_counts is None else log1p(_ratings(e))


@signals.feature(
    log_of("comments"),
    missing="comments not counted by the source",
    say=lambda e, _: f"{e.facts.listing.comments_count:,} comments of buyers",
)
def item_comments(e: Evidence) -> float:
    """Comments of buyers."""
    return log1p(e.facts.listing.comments_count)


@signals.feature(
    log_of("photographs"),
    missing="photographs not counted by the source",
    say=lambda e, _: f"{e.facts.listing.photos_count:,} photographs",
)
def item_photos(e: Evidence) -> float:
    """Photographs published with the offer or its comments."""
    return log1p(e.facts.listing.photos_count)


@signals.feature(
    Scale("versions", 1, 100),
    missing="never",
    source="Capabilities row 4: what changed after approval",
    say=lambda e, _: f"Version {e.facts.version} of the offer",
)
def item_version(e: Evidence) -> float:
    """How often the offer has been changed, counting from 1 and at most 100."""
    return float(min(e.facts.version, 100))


def _of(part: float | None, whole: float | None) -> str:
    return f"{part or 0:,.0f} of {whole or 0:,.0f}"


def _ratings(e: Evidence) -> int:
    return sum(e.facts.listing.rating_counts or ())
