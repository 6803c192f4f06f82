"""The open questions that a brand's person confirms at once with a second factor, as the report that answers them."""

from serving.accounts.rules.access import Person
from serving.brands.service.rights_claims import pair_of
from serving.cases.policy import TakedownPolicy
from serving.cases.rules.takedown_request import distinct_items
from serving.cases.service.takedown_requests import NewTakedownRequest
from serving.cases.store import takedown_requests
from serving.platform.runtime import Runtime
from serving.reports.service.submitting import Draft


def draft_of_answers(runtime: Runtime, person: Person, takedown: NewTakedownRequest) -> Draft:
    """The report that answers the questions of a takedown request; cases of other brands are left out.

    Raises Invalid (the request names no listing or too many) or NotFound (the right does not belong to a brand that
    the person represents).
    """
    items = distinct_items(takedown.items, runtime.policies[TakedownPolicy])
    with runtime.store.read() as connection:
        pair = pair_of(connection, person, takedown.right_id, takedown.marketplace_id)
        names = takedown_requests.listing_names(connection, pair, [listing.case_id for listing in items])
    named = [(names[listing.case_id], listing.version_id) for listing in items if listing.case_id in names]
    return Draft(
        takedown.right_id,
        takedown.reason_code,
        tuple(name for name, _ in named),
        takedown.good_faith,
        takedown.request_id or "",
        marketplace_id=pair[0],
        versions=tuple(version_id for _, version_id in named),
    )
