"""The open questions that a brand's person confirms at once, as the report that answers them."""

from collections.abc import Sequence
from dataclasses import replace

from serving.accounts.rules.access import Person
from serving.brands.service.rights_claims import pair_of
from serving.cases.policy import BulkVerdictPolicy
from serving.cases.rules.bulk_verdicts import NamedCase, distinct_cases
from serving.cases.store import cases
from serving.platform.runtime import Runtime
from serving.reports.service.submitting import Draft


def draft_of_answers(runtime: Runtime, person: Person, draft: Draft, named_cases: Sequence[NamedCase]) -> Draft:
    """The draft with the listings of these questions; cases of other brands are left out.

    Raises Invalid (the request names no listing or too many) or NotFound (the right does not belong to a brand that
    the person represents).
    """
    items = distinct_cases(named_cases, runtime.policies[BulkVerdictPolicy])
    with runtime.store.read() as connection:
        pair = pair_of(connection, person, draft.right_id, draft.marketplace_id)
        names = cases.listing_names(connection, pair, [listing.case_id for listing in items])
    named = [(names[listing.case_id], listing.version_id) for listing in items if listing.case_id in names]
    locations, versions = (tuple(parts) for parts in zip(*named, strict=True)) if named else ((), ())
    return replace(draft, locations=locations, versions=versions, marketplace_id=pair[0])
