"""The answers about a report, its listings, its documents and its test buy."""

from collections.abc import Mapping
from typing import Any

from features.message import Message
from models.messages.english import in_english
from serving.reports.rules.outcomes import Result, by_name
from serving.reports.service.previewing import Foreseen, counts_of
from serving.reports.service.status import Status
from serving.reports.service.submitting import Submitted
from serving.reports.store.report_documents import ReportDocument
from serving.reports.store.report_test_buys import ReportTestBuy
from serving.reports.store.reports import StoredOutcome


def _counts(found: Mapping[Result, int]) -> dict[str, int]:
    """The numbers by result; `items` is their sum."""
    return {"items": sum(found.values()), **by_name(found)}


def _why(reasons: tuple[Message, ...], refusal: object = None) -> str:
    return " ".join(map(in_english, reasons)) if refusal is None else str(refusal)


def foreseen_answer(found: tuple[Foreseen, ...]) -> dict[str, Any]:
    return {
        "dry_run": True,
        "counts": _counts(counts_of(found)),
        "items": [
            {
                "number": number,
                "listing": one.location,
                "listing_external_id": one.external_id,
                "result": one.outcome.result.value,
                "code": one.outcome.code.value,
                "reason": _why(one.outcome.reasons),
            }
            for number, one in enumerate(found, start=1)
        ],
    }


def submitted_answer(found: Submitted) -> dict[str, Any]:
    return {
        "report_id": found.report.report_id,
        "right_id": found.report.right_id,
        "reason_code": found.report.reason_code.value,
        "reported_at": found.report.known_at.isoformat(),
        "counts": _counts(found.counts),
        "items": [_first(one) for one in found.outcomes],
    }


def _first(one: StoredOutcome) -> dict[str, Any]:
    return {
        "number": one.number,
        "listing": one.location,
        "result": one.result.value,
        "code": one.code.value,
        "reason": _why(one.reasons, one.refusal),
    }


def status_answer(found: Status) -> dict[str, Any]:
    first = Submitted(found.report, found.first)
    return {
        **submitted_answer(first),
        "items": [
            {
                **_first(one.step),
                "reason": _why(one.reasons, one.step.refusal),
                "listing_external_id": one.external_id,
                "state": one.state.value,
                "judgement": None if one.judgement is None else one.judgement.value,
            }
            for one in found.items
        ],
        "documents": list(map(document_answer, found.documents)),
        "test_buy": None if found.test_buy is None else _test_buy(found.test_buy),
    }


def document_answer(found: ReportDocument) -> dict[str, Any]:
    return {
        "document_id": found.document_id,
        "name": found.name,
        "media_type": found.media_type,
        "size": found.size,
        "digest": found.digest,
        "received_at": found.known_at.isoformat(),
        "erased": found.erased_at is not None,
    }


def _test_buy(found: ReportTestBuy) -> dict[str, Any]:
    return {
        "number": found.number,
        "listing": found.location,
        "order_reference": found.order_reference,
        "ordered_on": found.ordered_on.isoformat(),
        "received_on": None if found.received_on is None else found.received_on.isoformat(),
        "finding": found.finding,
    }
