"""The undo of a naming: the brand of a case is again what it was before."""

from models.case import CaseEvent, next_state
from models.errors import Conflict, Forbidden
from serving.accounts.rules.access import Person
from serving.cases.rules.case_brand import Naming
from serving.cases.store import case_brands
from serving.cases.store.cases import Case
from serving.platform.runtime import Runtime
from serving.review.service.case_access import visible_case, why_not_judge
from serving.review.service.naming import give_brand


def undo_naming(runtime: Runtime, person: Person, case_id: str) -> Case:
    """Undo the last naming of an open case, under the person's own name; returns the case as it stands then.

    The brand before it is the brand again, also for facts that are assembled from then on; an unresolved brand is
    unresolved again. Facts of the time between keep what they had.

    Raises Conflict (the case is closed, somebody else works on it, or it has no naming to undo) or NotFound, Forbidden
    (the person has no access to the case, or somebody else named the brand: they correct it with a reason).
    """
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        case, _ = visible_case(connection, person, case_id)
        given = case_brands.last_given(case_brands.of_case(connection, case.marketplace_id, case_id))
        if given is None:
            raise Conflict("Nobody named the brand on this case, so there is nothing to undo.")
        if given.user_id != person.user_id:
            raise Forbidden("{name} named the brand. Correct it with a reason instead.", name=given.user_name)
        barred = why_not_judge(connection, person, case)
        if barred is not None:
            raise Forbidden("{why}; somebody else must name its brand.", why=barred)
        next_state(case.state, CaseEvent.PASS_ON)
        return give_brand(runtime, connection, person, case, Naming(given.before), now, undoes_id=given.naming_id)
