"""Every column that can hold a person's data is erased, or stays for a stated reason; a new one fails here."""

from itertools import chain
from typing import Final

from sqlalchemy import LargeBinary, String, Text

from serving.platform.database.types import CompressedBytes, Json, PackedBytes, PackedJson
from serving.privacy.rules.erasure import ErasableData
from serving.privacy.store.personal import PLACES
from serving.schema import metadata

# Columns that subjects' stores erase by separate statements, because no subject id leads to them.
BY_SELLER: Final = {
    "quarantine.row_head": ErasableData.REFUSED_ROWS,
    "audit_payload.payload": ErasableData.LOG_PAYLOADS,
    "case_note.text": ErasableData.NOTES,
    "case_deferral.missing": ErasableData.NOTES,
    "case_deferral.asked": ErasableData.NOTES,
}
# Contacts are deleted as rows, and no longer link anybody; documents are deleted with their last upload.
ELSEWHERE: Final = {
    "seller_document.content": ErasableData.DOCUMENTS,
    "seller_address.address": ErasableData.CONTACTS,
    "search_entry.external_id": ErasableData.CONTACTS,
    "search_entry.seller_words": ErasableData.CONTACTS,
}
STAYS: Final[dict[str, list[str]]] = {
    "the marketplace's id of a seller, by which only it can tell who that is": [
        "seller.external_id",
        "listed_seller.seller_external_id",
        "sanction.seller_external_id",
        "seller_action.seller_external_id",
        "strike_hit.seller_external_id",
        "sanction.linked",
        "seller_contact.seller_external_id",
        "seller_address.seller_external_id",
        "seller_event.seller_external_id",
        "seller_risk.seller_external_id",
        "seller_upload.seller_external_id",
        "listing.seller_external_id",
        "review_case.seller_external_id",
        "listing_version.seller_external_id",
        "authorised_seller.seller_external_id",
        "authorisation_request.seller_external_id",
        "erasure.seller_external_id",
        "legal_hold.seller_external_id",
        "alert.subject",
    ],
    "a listing as it was published, and what was computed from it": [
        "artifact_part.content",  # Models, and the snapshots that they were trained on.
        "listing.external_id",
        "listing_version.content",
        "late_version.content",
        "late_version.observed",
        "review_case.language",
        "search_entry.words",
        "listing_version.earlier_prices",
        "listing_version.brand_key",
        "listing_version.category_key",
        "observation.observed",
        "facts.body",
        "score.reasons",
        "score.evidence",
        "score.route_reasons",
        "text_signature.signature",
        "seller_event.listing_external_id",
        "seller_event.source_event_id",
        "evidence.header",
        "price_reference.brand_key",
        "alias_proposal.spelling",
        "named_spelling.spelling",
        "price_reference.category_key",
        "price_reference.samples",
        "golden_set.content",
        "appeal.external_id",
    ],
    "who of the staff or of a brand decided what, and why: decisions must be explicable": [
        "account.email",
        "listed_seller.added_by",
        "listed_seller.reason",
        "listed_seller.removed_by",
        "sanction.ended_because",
        "sanction_vote.reason",
        "certification_attempt.answers",
        "certification_attempt.questions",
        "account.name",
        "invitation.email",
        "account.password_hash",
        "audit_entry.actor",
        "alert.sentence",
        "api_key.name",
        "authorised_seller.added_by",
        "authorised_seller.ended_by",
        "authorisation_request.asked_by",
        "authorisation_request.settled_by",
        "removal_notice.recipients",
        "brand_document.supplied_by",
        "brand_right.claimed_by",
        "brand_right.settled_by",
        "brand_right.note",
        "power_of_attorney.agent",
        "case_brand.reason",
        "case_event.actor",
        "circuit_breaker.reason",
        "counter_notice_step.actor",
        "custody_entry.holder",
        "custody_entry.recorded_by",
        "test_buy.holder",
        "erasure.asked_by",
        "drift_acknowledgement.acknowledged_by",
        "drift_acknowledgement.note",
        "golden_set.frozen_by",
        "approval_vote.reason",
        "legal_hold.reason",
        "legal_hold.set_by",
        "notice_basis.reason",
        "promotion.note",
        "saved_filter.name",
        "saved_filter.query",
        "promotion.promoted_by",
        "promotion_approval.approved_by",
        "promotion_approval.reason",
        "kill_switch.reason",
        "kill_switch.switched_by",
        "training_job.requested_by",
        "trial.started_by",
        "verdict.note",
        "report.note",
        "report.request_key",
        "report_item.location",
        "listing_request.location",
        "report_outcome.reasons",
        "report_outcome.refusal",
        "bulk_item.reason",
    ],
    "what a seller or the public is told, in fixed sentences": [
        "action.statement",
        "action.statement_messages",
        "seller_action.statement",
        "sanction.reasons",
        "sanction.path",
        "overturn.amendment",
        "overturn.amendment_messages",
        "standing_change.reasons",
        "standing_change.counts",
        "removal_approval.causes",
        "approval_batch.causes",
    ],
    "of a brand or a marketplace, and of no person": [
        "brand.name",
        "brand.aliases",
        "brand.gtin_prefixes",
        "brand_document.name",
        "approval_batch.mark",
        "case_brand.mark",
        "case_brand.mark_before",
        "case_brand.mark_owner",
        "case_brand.owner_before",
        "review_case.mark",
        "review_case.mark_owner",
        "brand_document.content",
        "brand_list_price.list_key",
        "brand_list_price.name",
        "brand_list_price.source",
        "brand_right.title",
        "brand_right.classes",
        "brand_right.territories",
        "notice_basis.mandate_ids",
        "power_of_attorney.kinds",
        "power_of_attorney.territories",
        "counterfeit_indicator.label",
        "counterfeit_indicator.pattern",
        "marketplace.name",
        "marketplace.sold_in",
        "webhook_endpoint.url",
        "webhook_endpoint.status_url",
        "webhook_endpoint.secret",
        "webhook_endpoint.previous_secret",
        "api_key.scopes",
        "report_step_up.waits_for",
        "service_account.callback_url",
        "service_account.name",
        "signing_key.public_key",
        "exchange_rate.source",
    ],
    "of the service itself": [
        "score.encoder",
        "action.last_error",
        "seller_action.last_error",
        "listing_request.last_error",
        "removal_check.last_error",
        "training_job.error",
        "training_job.progress",
        "training_job.cause",
        "retraining_check.decision",
        "drift_report.report",
        "drift_acknowledgement.feature",
        "model.report",
        "quarantine.source",
        "quarantine.field",
        "quarantine.sentence",
        "score.scorer",
        "evidence.subject",
        "audit_entry.act",
        "audit_entry.subject",
        "action.sender",
        "listing_request.sender",
        "seller_action.sender",
        "worker_process.worker_id",
        "worker_process.process",
        "worker_process.work_counts",
        "worker_process.lacks",
    ],
    "of an account: sealed secrets, public keys and names of second factors, deleted with the factor; who was told": [
        "factor_challenge.challenge",
        "factor_challenge.purpose",
        "report_step_up.recipients",
        "second_factor.credential_id",
        "second_factor.name",
        "second_factor.public_key",
        "second_factor.secret",
    ],
    "of a request that its caller may repeat: ids of the caller and of what it changed, deleted after 24 hours": [
        "idempotency_key.caller",
        "idempotency_key.claim",
        "idempotency_key.reply",
    ],
    "of an uploaded file: its rows become listings, and then it is deleted; one that nobody imports, after a day": [
        "listing_file.content",
        "listing_file.fields",
        "listing_file.name",
        "listing_file.problem",
    ],
    "between a brand and its account manager, either can erase it": ["brand_message.text"],
    "about a brand, which its account manager replaces or empties": ["brand_enrolment.manager_note"],
    "the names of our columns": ["display_setting.hidden_columns"],
    "of an account: between which times of the day its mails wait": ["mail_quiet.begins", "mail_quiet.ends"],
    "of a mail, deleted 90 days after it left; a notifier's mails are deleted with the notifier": [
        "mail.address",
        "mail.last_error",
        "mail.message_id",
        "mail.parameters",
        "mail.secret_link",
    ],
    "of a notifier, whom `touchstone erase reporter` forgets": [
        "notice_complaint.statement",
        "reporter.name",
        "reporter.email",
        "reporter.muted_because",
        "notice.explanation",
        "notice.right_office",
        "notice_document.content",
        "notice_document.name",
        "notice.right_number",
        "notice.right_owner",
        "notice_item.location",
    ],
}


def can_be_personal(column: object) -> bool:
    """Free text, JSON and bytes; not ids, words of a fixed set, digests, codes and versions."""
    kind, name = column.type, column.name  # type: ignore[attr-defined]  # a column of a table
    if isinstance(kind, Json | CompressedBytes | PackedBytes | PackedJson | Text | LargeBinary):
        return True
    return isinstance(kind, String) and kind.length not in {2, 3, 10, 20, 40, 64} and name != "policy_version"


COLUMNS: Final = {
    f"{table.name}.{column.name}"
    for table in metadata.sorted_tables
    for column in table.columns
    if can_be_personal(column)
}
ERASED: Final = (
    {f"{place.table.name}.{name}" for place in chain.from_iterable(PLACES.values()) for name in place.values}
    | set(BY_SELLER)
    | set(ELSEWHERE)
)


def test_every_column_that_can_hold_a_person_is_erased_or_stays_for_a_reason() -> None:
    listed = {name for names in STAYS.values() for name in names}
    assert COLUMNS - listed - ERASED == set(), "say in PLACES how it is erased, or in STAYS why it stays"
    assert listed - COLUMNS == set(), "no such column any more"
    assert listed & ERASED == set()


def test_every_class_of_an_erasure_has_its_place() -> None:
    placed = set(PLACES) | set(BY_SELLER.values()) | {ErasableData.CONTACTS}
    assert placed == set(ErasableData)


def test_a_place_names_columns_that_are_there() -> None:
    for place in chain.from_iterable(PLACES.values()):
        assert set(place.values) <= set(place.table.c.keys())
        assert "marketplace_id" in place.table.c
