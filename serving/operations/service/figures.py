"""The figures of one marketplace that must be consistent, counted in one view."""

from typing import Any

from sqlalchemy import Connection

from models.routing import Lane
from serving.appeals.store import appeals, counter_notices
from serving.cases.store import queues, verdicts
from serving.listings.store import listings, scores
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.runtime import Runtime
from serving.reports.rules.outcomes import results_by_name
from serving.reports.store.reports import totals
from serving.takedowns.rules.removal_check import CheckState
from serving.takedowns.store import actions, removal_checks
from serving.webhooks.rules.action import ActionKind, ActionState

_SENT_STATES = (ActionState.SENDING, ActionState.ACKNOWLEDGED, ActionState.DEAD)


def service_figures(runtime: Runtime, marketplace: Marketplace) -> dict[str, Any]:
    """Rows, routes, verdicts, actions and models. `received` = `scored` + `quarantined`; repeats are in neither.

    A removal is withdrawn, pending approval (`held`), or sent (`takedowns.sent`); each sent one is acknowledged in the
    end. `reports` counts reported listings (`items`) by first result; they add up unless a report is being decided.
    `removal_checks` cover removals acknowledged by a marketplace with a status address; the median runs from the
    confirmation to the check that found the listing gone.
    """
    marketplace_id = marketplace.marketplace_id
    with runtime.store.read() as connection:
        counted = listings.counts(connection, marketplace_id)
        routes = scores.lane_counts(connection, marketplace_id)
        acted = actions.counts_by_state(connection, marketplace_id)
        all_figures = {
            "listings": counted["listings"],
            "versions": counted["versions"],
            "observations": counted["observations"],
            "quarantined": counted["quarantined"],
            "scored": sum(routes.values()),
            "routes": {lane.value: routes.get(lane.value, 0) for lane in Lane},
            "verdicts": verdicts.counts_by_judgement(connection, marketplace_id),
            "open_cases": queues.queue_sizes(connection, {marketplace_id}),
            "removal_checks": _check_figures(connection, marketplace_id),
            "appeals": appeals.counts_by_state(connection, marketplace_id),
            "counter_notices": counter_notices.counts_by_state(connection, marketplace_id),
        }
        reported = totals(connection, marketplace_id)
    all_figures["reports"] = {"items": reported.items, **results_by_name(reported.first)}
    removals = {state: acted.get((ActionKind.REMOVE, state), 0) for state in ActionState}
    reinstated = {state: acted.get((ActionKind.REINSTATE, state), 0) for state in ActionState}
    all_figures["removals"] = {
        "withdrawn": removals[ActionState.WITHDRAWN],
        "pending_approval": removals[ActionState.PENDING_APPROVAL],
        "scheduled": removals[ActionState.SCHEDULED],
        "sent": sum(removals[state] for state in _SENT_STATES),
        "acknowledged": removals[ActionState.ACKNOWLEDGED],
    }
    all_figures["reinstatements"] = {
        "scheduled": reinstated[ActionState.SCHEDULED],
        "sent": sum(reinstated[state] for state in _SENT_STATES),
        "acknowledged": reinstated[ActionState.ACKNOWLEDGED],
    }
    all_figures["pending"] = sum(
        n for (_, state), n in acted.items() if state in {ActionState.SCHEDULED, ActionState.SENDING}
    )
    return all_figures


def _check_figures(connection: Connection, marketplace_id: str) -> dict[str, Any]:
    stand, took = (
        removal_checks.counts_by_state(connection, marketplace_id),
        removal_checks.removal_times(connection, marketplace_id),
    )
    return {
        **{state.value: stand.get(state, 0) for state in CheckState},
        "median_seconds_to_removal": took.median_seconds,
    }
