"""The rows of a queue's page in clusters: a cluster stands at the position of its costliest case."""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from features.facts import Facts
from models.case import BLIND_LANES, CaseLane
from serving.cases.rules.clusters import Cluster, Member, clusters
from serving.web.queue.queue_rows import QueueRow
from serving.web.wording import words


def group_rows(
    rows: Sequence[Mapping[str, Any]], facts: Sequence[Facts], shown: Sequence[QueueRow], currencies: Mapping[str, str]
) -> tuple[SimpleNamespace, ...]:
    """The rows in order; the rows of a cluster follow its first row.

    Cases in blind review and cases that await a brand are decided on their own and join no cluster.
    """
    open_to = [number for number, row in enumerate(rows) if _can_be_grouped(CaseLane(row["lane"]))]
    row_clusters = clusters([_cluster_member(rows[number], facts[number]) for number in open_to])
    by_first = {open_to[cluster.members[0]]: cluster for cluster in row_clusters}
    followers = {open_to[member] for cluster in row_clusters for member in cluster.members[1:]}
    row_groups = []
    for number in range(len(rows)):
        if number in by_first:
            together = [open_to[member] for member in by_first[number].members]
            head = _group_head(by_first[number], [rows[row_number] for row_number in together], currencies)
            row_groups.append(SimpleNamespace(head=head, rows=tuple(shown[row_number] for row_number in together)))
        elif number not in followers:
            row_groups.append(SimpleNamespace(head=None, rows=(shown[number],)))
    return tuple(row_groups)


def _can_be_grouped(lane: CaseLane) -> bool:
    return lane not in BLIND_LANES and lane is not CaseLane.ASK_BRAND


def _cluster_member(row: Mapping[str, Any], facts: Facts) -> Member:
    near = facts.near_duplicates.shown if facts.near_duplicates is not None else ()
    linked = facts.seller.links.sellers if facts.seller.links is not None else ()
    return Member(
        row["marketplace_id"],
        facts.listing.external_id,
        facts.listing.seller.external_id,
        frozenset(duplicate.listing_id for duplicate in near),
        frozenset(linked_seller.path[-1].seller for linked_seller in linked),
        row["report_id"],
    )


def _group_head(cluster: Cluster, rows: Sequence[Mapping[str, Any]], currencies: Mapping[str, str]) -> SimpleNamespace:
    sellers = len({row["seller_external_id"] for row in rows if row["seller_external_id"] is not None})
    tie_texts = [
        text if number == len(rows) else f"{text} ({number} of {len(rows)})"
        for text, number in (
            ("near-duplicate text", cluster.words),
            ("same seller", cluster.seller),
            ("linked sellers", cluster.links),
            ("one report of the brand", cluster.report),
        )
        if number
    ]
    ties = words.join_list(tie_texts)
    reports = sorted({row["report_id"] for row in rows if cluster.report and row["report_id"] is not None})
    named_cases = [f"offer={row['case_id']}" for row in rows] + [f"report={report_id}" for report_id in reports]
    # A sum would reveal the masked score.
    known = all(row["probability"] is not None and not row["score_masked"] for row in rows)
    harm = words.rough_amount(round(sum(row["priority"] for row in rows), -1), currencies[rows[0]["marketplace_id"]])
    named = f", {words.many(sellers, 'seller')}" if sellers else ""
    return SimpleNamespace(
        key=rows[0]["case_id"],
        what=f"{words.many(len(rows), 'listing')}{named}",
        ties=ties[:1].upper() + ties[1:],
        harm=harm if known else None,
        address="/cases/bulk?" + "&".join(named_cases),
    )
