"""The open questions that a brand's person confirms at once, as the report that answers them."""

from dataclasses import dataclass

from models.verdict import ReasonCode
from serving.accounts.rules.access import Person
from serving.brands.service.rights_claims import pair_of
from serving.cases.policy import BulkVerdictPolicy
from serving.cases.rules.bulk_verdicts import NamedCase, distinct_cases
from serving.cases.store import cases
from serving.platform.runtime import Runtime
from serving.reports.service.submitting import Draft


@dataclass(frozen=True, slots=True)
class BulkConfirmation:
    """The questions that a person confirms under one right and one reason.

    `good_faith` is their assurance that their statement on every listing is accurate and complete. `request_key` makes
    the request repeatable.
    """

    right_id: str
    reason_code: ReasonCode
    items: tuple[NamedCase, ...]
    good_faith: bool
    request_key: str
    marketplace_id: str | None = None


def draft_of_answers(runtime: Runtime, person: Person, confirmation: BulkConfirmation) -> Draft:
    """The report that answers these questions; cases of other brands are left out.

    Raises Invalid (the request names no listing or too many) or NotFound (the right does not belong to a brand that
    the person represents).
    """
    items = distinct_cases(confirmation.items, runtime.policies[BulkVerdictPolicy])
    with runtime.store.read() as connection:
        pair = pair_of(connection, person, confirmation.right_id, confirmation.marketplace_id)
        names = cases.listing_names(connection, pair, [listing.case_id for listing in items])
    named = [(names[listing.case_id], listing.version_id) for listing in items if listing.case_id in names]
    return Draft(
        confirmation.right_id,
        confirmation.reason_code,
        tuple(name for name, _ in named),
        confirmation.good_faith,
        confirmation.request_key,
        marketplace_id=pair[0],
        versions=tuple(version_id for _, version_id in named),
    )
