"""Figures of a transparency report: Article 24(1) and the counts behind the templates of Regulation (EU) 2024/2835.

A figure that is not recorded here has no value and a note with the reason: missing is not zero.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from serving.notices.rules.notice_counts import NotifiedOutcome, counts_of
from serving.takedowns.rules.public_statement import Influence, Restriction, Source, category_of
from serving.transparency.rules.misuse import Complaint, ComplaintOutcome, ComplaintRoute, Decider, complaint_counts


class Part(StrEnum):
    """The part of a report that a figure belongs to."""

    OWN_INITIATIVE = "own_initiative"
    NOTICES = "notices"
    COMPLAINTS = "complaints"
    DISPUTES = "disputes"
    SUSPENSIONS = "suspensions"
    AUTOMATED_MEANS = "automated_means"


# The additions of Article 24(1) to Article 15.
ARTICLE_24: Final = frozenset({Part.DISPUTES, Part.SUSPENSIONS})


@dataclass(frozen=True, slots=True)
class Measures:
    """People's decisions against accounts in a period: reporters muted, sellers restricted, shops closed."""

    mutes: int
    restricted: int
    closed: int


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. `category` None is the total. `value` None is not recorded here, for the reason in `note`."""

    part: Part
    indicator: str
    category: str | None
    value: float | None
    note: str | None = None


_BY_MARKETPLACE: Final = "The marketplace decides this, and Touchstone does not record it."
_NEVER_ASKED: Final = "Touchstone requests no restrictions of this kind."
_NOT_RECORDED: Final = (
    *(
        (Part.DISPUTES, name, "Disputes go from certified bodies to the marketplace; Touchstone does not record them.")
        for name in ("submitted", "decided_for_the_recipient", "median_days", "implemented")
    ),
    (Part.SUSPENSIONS, "manifestly_unfounded_complaints", _BY_MARKETPLACE),
)


def period_figures(
    removals: Sequence[Restriction],
    complaints: Iterable[Complaint],
    notified: Sequence[NotifiedOutcome],
    measures: Measures,
) -> list[Figure]:
    """The figures of a period's removals, complaints, notices and measures, with the figures that are not recorded."""
    return [
        *_removal_figures(removals),
        *_restriction_figures(removals, measures),
        *_notice_figures(notified),
        *_complaint_figures(list(complaints)),
        Figure(Part.SUSPENSIONS, "manifestly_illegal_content", None, measures.restricted + measures.closed),
        Figure(Part.SUSPENSIONS, "manifestly_unfounded_notices", None, measures.mutes),
        *(Figure(part, name, None, None, why) for part, name, why in _NOT_RECORDED),
    ]


_OF_REMOVALS: Final[Sequence[tuple[Part, str, Callable[[Restriction], bool]]]] = (
    (Part.OWN_INITIATIVE, "removals", lambda _: True),
    (Part.OWN_INITIATIVE, "removals_found_by_automated_means", lambda removal: removal.found_by_model),
    (Part.OWN_INITIATIVE, "removals_reversed", lambda removal: removal.reversed_on is not None),
    (Part.AUTOMATED_MEANS, "decided_by_automated_means_alone", lambda removal: removal.influence is Influence.FULLY),
    (
        Part.AUTOMATED_MEANS,
        "decided_by_a_person_who_saw_them",
        lambda removal: removal.influence is Influence.PARTIALLY,
    ),
    (Part.AUTOMATED_MEANS, "decided_by_a_person_who_did_not", lambda removal: removal.influence is Influence.NONE),
)


def _removal_figures(removals: Sequence[Restriction]) -> list[Figure]:
    own = [removal for removal in removals if removal.source is Source.VOLUNTARY]
    categories = sorted({category_of(removal.reason_code) for removal in removals})
    figure_list = []
    for part, name, counts in _OF_REMOVALS:
        among = own if part is Part.OWN_INITIATIVE else removals
        by_category = Counter(category_of(removal.reason_code) for removal in among if counts(removal))
        figure_list.append(Figure(part, name, None, by_category.total()))
        figure_list += [Figure(part, name, category, by_category[category]) for category in categories]
    return figure_list


def _restriction_figures(removals: Sequence[Restriction], measures: Measures) -> list[Figure]:
    """Own-initiative restrictions by kind; removals of listings are also counted by how they were found."""
    own = [removal for removal in removals if removal.source is Source.VOLUNTARY]
    figure_list = []
    for category in (None, *sorted({category_of(removal.reason_code) for removal in removals})):
        among = [removal for removal in own if category in {None, category_of(removal.reason_code)}]
        by_model = sum(removal.found_by_model for removal in among)
        for name, count in (
            ("visibility_removal_found_by_automated_means", by_model),
            ("visibility_removal_found_otherwise", len(among) - by_model),
        ):
            figure_list.append(Figure(Part.OWN_INITIATIVE, name, category, count))
    return [
        *figure_list,
        Figure(Part.OWN_INITIATIVE, "account_suspension", None, measures.restricted),
        Figure(Part.OWN_INITIATIVE, "account_termination", None, measures.closed),
        *(Figure(Part.OWN_INITIATIVE, name, None, 0, _NEVER_ASKED) for name in ("monetary", "provision_of_service")),
    ]


def _notice_figures(notified: Sequence[NotifiedOutcome]) -> list[Figure]:
    """Article 15(1)(b): notices by category, by trusted flaggers, by action and means, and the median time."""
    figure_list: list[Figure] = []
    for category in (None, *sorted({category_of(listing.reason_code) for listing in notified})):
        counts = counts_of(listing for listing in notified if category in {None, category_of(listing.reason_code)})
        for name, count in (
            ("offers_notified", counts.notified),
            ("offers_notified_by_trusted_flaggers", counts.by_trusted_flaggers),
            ("removed_on_the_basis_of_the_law", counts.removed),
            ("removed_on_the_basis_of_terms", 0),  # A removal rests on a right, and so on the law.
            ("no_action", counts.no_action),
            ("invalid", counts.invalid),
            ("waiting", counts.waiting),
            ("processed_by_automated_means_alone", counts.by_a_rule),
        ):
            figure_list.append(Figure(Part.NOTICES, name, category, count))
        none = None if counts.median_hours is not None else "No notice of this period has been decided."
        figure_list.append(Figure(Part.NOTICES, "median_hours_to_decision", category, counts.median_hours, none))
    return figure_list


def _complaint_figures(complaints: Sequence[Complaint]) -> list[Figure]:
    counts = complaint_counts(complaints)
    named = [
        ("filed", counts.filed),
        *((outcome.value, counts.outcomes[outcome]) for outcome in ComplaintOutcome),
        *((f"ended_by_{decider.value}", counts.ended_by[decider]) for decider in Decider),
    ]
    none = None if counts.median_hours is not None else "No complaint of this period has been decided."
    return [
        *(Figure(Part.COMPLAINTS, name, None, count) for name, count in named),
        Figure(Part.COMPLAINTS, "median_hours_to_decision", None, counts.median_hours, none),
        *_complaints_by_kind(complaints),
    ]


def _complaints_by_kind(complaints: Sequence[Complaint]) -> list[Figure]:
    """Complaints by route, and by category and outcome."""
    figure_list = [
        Figure(
            Part.COMPLAINTS, f"filed_by_{route.value}", None, sum(complaint.route is route for complaint in complaints)
        )
        for route in ComplaintRoute
    ]
    for category in sorted({category_of(complaint.reason_code) for complaint in complaints}):
        among = [complaint for complaint in complaints if category_of(complaint.reason_code) == category]
        figure_list.append(Figure(Part.COMPLAINTS, "filed", category, len(among)))
        figure_list += [
            Figure(Part.COMPLAINTS, outcome.value, category, sum(complaint.outcome is outcome for complaint in among))
            for outcome in ComplaintOutcome
        ]
    return figure_list


@dataclass(frozen=True, slots=True)
class Share:
    """A share with its 95 % interval, from `judged` listings; `value` is None without any."""

    value: float | None
    low: float
    high: float
    judged: int

    @property
    def rest(self) -> "Share":
        """The complement, 1 minus the share."""
        return Share(None if self.value is None else 1 - self.value, 1 - self.high, 1 - self.low, self.judged)


@dataclass(frozen=True, slots=True)
class BandOfScores:
    """The listings with a probability in [low, high): their number, and the share of counterfeits among all of them."""

    low: float
    high: float
    listings: int
    counterfeit: Share


@dataclass(frozen=True, slots=True)
class Accuracy:
    """The share of counterfeits by the random audit sample: in flagged listings, in passed listings, and by band."""

    flagged: Share
    passed_over: Share
    bands: tuple[BandOfScores, ...]


_NO_SAMPLE: Final = "No listing of the random audit sample has a mature label in this period."


def accuracy_figures(accuracy: Accuracy) -> list[Figure]:
    """Error rates of automated means (Article 15(1)(e)) and the share of counterfeits by band, each with its interval.

    A flagged genuine listing is an error, and so is a counterfeit that the model passes without review. What counts is
    the lane of a listing's first score; a listing with too little evidence is no decision. The shares are of all
    listings, estimated from the random audit sample, and not of suspicious listings only.
    """
    return [
        *_share_figures("error_rate_of_what_was_flagged", accuracy.flagged.rest),
        *_share_figures("error_rate_of_what_was_passed_over", accuracy.passed_over),
        *_band_figures(accuracy.bands),
    ]


def _band_figures(bands: Iterable[BandOfScores]) -> list[Figure]:
    figures: list[Figure] = []
    for band in bands:
        name = f"band_{band.low:.2f}_{band.high:.2f}"
        figures.append(Figure(Part.AUTOMATED_MEANS, f"{name}_listings", None, band.listings))
        figures += _share_figures(f"{name}_counterfeit_share", band.counterfeit)
    return figures


def _share_figures(name: str, share: Share) -> list[Figure]:
    none = _NO_SAMPLE if share.value is None else None
    judged = Figure(Part.AUTOMATED_MEANS, f"{name}_judged", None, share.judged)
    ends = (("", share.value), ("_low", share.low), ("_high", share.high))
    known = share.value is not None
    return [
        *(Figure(Part.AUTOMATED_MEANS, f"{name}{end}", None, ratio if known else None, none) for end, ratio in ends),
        judged,
    ]
