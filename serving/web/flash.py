"""Confirmations that the page after a redirect shows once. The cookie holds a code from this list, never text."""

from enum import StrEnum
from typing import Final

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from serving.guards import is_secure, runtime_of
from serving.platform.tongues import N_, say

_COOKIE: Final = "touchstone_flash"
_SECONDS: Final = 60


class Flash(StrEnum):
    """Changes without another trace on the next page."""

    UNDONE = "undone"
    BULK_UNDONE = "bulk_undone"
    NOTED = "noted"
    NOTES_SEEN = "notes_seen"
    SNOOZED = "snoozed"
    HANDED_OVER = "handed_over"
    NOTICE_ENDED = "notice_ended"
    TAKEN_UP = "taken_up"
    QUEUE_DONE = "queue_done"
    BRAND_CHANGED = "brand_changed"
    CONTRACT_PROPOSED = "contract_proposed"
    DOCUMENT_KEPT = "document_kept"
    LIST_CHANGED = "list_changed"
    ALIAS_ACCEPTED = "alias_accepted"
    ALIAS_DISMISSED = "alias_dismissed"
    ALIAS_REMOVED = "alias_removed"
    NAMING_UNDONE = "naming_undone"
    MESSAGE_ERASED = "message_erased"
    MESSAGE_SENT = "message_sent"
    RIGHT_CLAIMED = "right_claimed"
    RIGHT_SHARED = "right_shared"
    RIGHT_WITHDRAWN = "right_withdrawn"
    RIGHT_REFUSED = "right_refused"
    RIGHT_VERIFIED = "right_verified"
    DEACTIVATED = "deactivated"
    INVITATION_WITHDRAWN = "invitation_withdrawn"
    JOINED = "joined"
    KEY_REVOKED = "key_revoked"
    SIGNING_KEY_REGISTERED = "signing_key_registered"
    SERVICE_ACCOUNT_CHANGED = "service_account_changed"
    SERVICE_ACCOUNT_ENDED = "service_account_ended"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  # A code, no password.
    PASSWORD_RESET = "password_reset"  # noqa: S105  # As above.
    REACTIVATED = "reactivated"
    ROLES_CHANGED = "roles_changed"
    WORK_HANDED_OVER = "work_handed_over"
    COPY_SHARED = "copy_shared"
    PRICES_ADDED = "prices_added"
    PRICES_ALL_THERE = "prices_all_there"
    PRICES_SHARED = "prices_shared"
    RETRAINING = "retraining"
    INDICATOR_ADDED = "indicator_added"
    INDICATOR_ENDED = "indicator_ended"
    APPROVED = "approved"
    APPROVAL_WITHDRAWN = "approval_withdrawn"
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled_back"
    ON_TRIAL = "on_trial"
    SHARE_CHANGED = "share_changed"
    TRIAL_ENDED = "trial_ended"
    BREAKER_CLOSED = "breaker_closed"
    DRIFT_ACKNOWLEDGED = "drift_acknowledged"
    DRIFT_ALARMED = "drift_alarmed"
    REMOVALS_VOTED = "removals_voted"
    REMOVALS_APPROVED = "removals_approved"
    REMOVALS_WITHDRAWN = "removals_withdrawn"
    SANCTION_VOTED = "sanction_voted"
    SANCTION_CARRIED_OUT = "sanction_carried_out"
    SANCTION_REFUSED = "sanction_refused"
    SANCTION_LIFTED = "sanction_lifted"
    SELLER_LISTED = "seller_listed"
    SETTINGS_KEPT = "settings_kept"
    FACTOR_ADDED = "factor_added"
    FACTOR_REMOVED = "factor_removed"
    FACTOR_RESET = "factor_reset"
    SELLER_UNLISTED = "seller_unlisted"
    FILTER_DELETED = "filter_deleted"
    FILTER_RENAMED = "filter_renamed"
    FILTER_SAVED = "filter_saved"
    REPLAYED = "replayed"
    RECEIVER_PAUSED = "receiver_paused"
    RECEIVER_WOKEN = "receiver_woken"
    RECEIVER_OFF = "receiver_off"
    FOUNDED = "founded"
    GAVE_WAY = "gave_way"
    MAINTAINED = "maintained"
    REPORT_WITHDRAWN = "report_withdrawn"
    REPORT_RETRACTED = "report_retracted"
    REPORT_CONFIRMED = "report_confirmed"
    REPORT_STOPPED = "report_stopped"
    REPORT_RELEASED = "report_released"
    BRIEFED = "briefed"
    BRAND_NAMED = "brand_named"
    SWITCHED_OFF = "switched_off"
    SWITCHED_ON = "switched_on"


# Marked sentences appear on translated pages.
SENTENCES: Final = {
    Flash.UNDONE: N_("Undone. The case is open again, and unsent actions are cancelled."),
    Flash.BULK_UNDONE: "Bulk decision undone. The cases are open again, and pending actions were withdrawn.",
    Flash.NOTED: "Note saved. People you mentioned see it under Notes.",
    Flash.NOTES_SEEN: "All notes are marked as read.",
    Flash.NOTICE_ENDED: "Notice ended as invalid. The notifier is told why.",
    Flash.HANDED_OVER: "Case handed over. Your colleague sees your note under Notes, and the case is assigned to them.",
    Flash.SNOOZED: "Case snoozed. It returns to the queue automatically; until then, find it under Snoozed.",
    Flash.TAKEN_UP: "Case resumed. It is back in the queue.",
    Flash.QUEUE_DONE: "End of this queue. Cases above it, or assigned to a colleague, may still be open.",
    Flash.BRAND_CHANGED: N_("Change saved. It applies from the next request."),
    Flash.DOCUMENT_KEPT: N_("Document saved. Rights and powers of attorney can refer to it."),
    Flash.RIGHT_CLAIMED: N_("Right claimed. It cannot be used until your account manager verifies it."),
    Flash.RIGHT_WITHDRAWN: N_(
        "Right withdrawn. It covers no further confirmations; those that it already covers stay covered."
    ),
    Flash.RIGHT_SHARED: N_("Right shared. The other marketplace has its own copy, which its account manager verifies."),
    Flash.COPY_SHARED: N_("Shared. The other marketplace has its own copy; a change here does not affect it."),
    Flash.LIST_CHANGED: N_("List changed. It applies from the next listing."),
    Flash.ALIAS_ACCEPTED: "Alias accepted. Listings that come in from now on resolve to the brand by it.",
    Flash.ALIAS_DISMISSED: "Alias dismissed. It is proposed again only if twice as many listings support it.",
    Flash.ALIAS_REMOVED: "Alias removed. Listings that come in from now on no longer resolve to the brand by it.",
    Flash.NAMING_UNDONE: "Naming undone. The brand of the case is what it was before.",
    Flash.MESSAGE_ERASED: N_("Erased. The author and the time stay on record."),
    Flash.MESSAGE_SENT: N_("Message sent."),
    Flash.RIGHT_REFUSED: "Right refused. The brand sees the reason.",
    Flash.RIGHT_VERIFIED: "Right verified. The brand's confirmations can rely on it from now on.",
    Flash.PRICES_ADDED: N_("Prices added. The comparison uses them from the next listing."),
    Flash.PRICES_SHARED: N_("Prices shared. The other marketplace compares listings with them from the next one."),
    Flash.PRICES_ALL_THERE: N_("Nothing to share: the other marketplace has the same prices."),
    Flash.INDICATOR_ADDED: N_("Indicator added. It applies to every listing from the next one."),
    Flash.INDICATOR_ENDED: N_("Indicator withdrawn. Existing scores do not change."),
    Flash.DEACTIVATED: "User deactivated. All their sessions have ended. See below who took over their work.",
    Flash.INVITATION_WITHDRAWN: "Invitation withdrawn. The link no longer works.",
    Flash.JOINED: N_("Welcome. You are signed in."),
    Flash.KEY_REVOKED: N_("Key revoked. It stops working within one second."),
    Flash.SIGNING_KEY_REGISTERED: N_("Key registered. It signs requests from tomorrow on."),
    Flash.SERVICE_ACCOUNT_CHANGED: N_("The person is named and answers for the service account."),
    Flash.SERVICE_ACCOUNT_ENDED: N_("Service account ended. Its keys are refused from now on."),
    Flash.PASSWORD_CHANGED: N_("Your password is changed, and every other device is signed out."),
    Flash.PASSWORD_RESET: N_("Your password is changed. Sign in with the new one."),
    Flash.REACTIVATED: "User reactivated with their previous roles.",
    Flash.ROLES_CHANGED: "Roles saved. They apply from the user's next request.",
    Flash.WORK_HANDED_OVER: "Work handed over. See below who took over what.",
    Flash.RETRAINING: "Retraining requested. Progress appears below.",
    Flash.APPROVED: "Approval recorded. The model goes live after a second person approves it.",
    Flash.APPROVAL_WITHDRAWN: "Approval withdrawn.",
    Flash.PROMOTED: "Model promoted. It scores listings from now on.",
    Flash.ROLLED_BACK: "Rolled back. The previous champion scores listings again.",
    Flash.CONTRACT_PROPOSED: "Figure recorded. It holds once a second person approves it.",
    Flash.REMOVALS_VOTED: "Vote recorded. Somebody of another organisation must agree.",
    Flash.REMOVALS_APPROVED: "Removals approved. They are sent when their undo windows close.",
    Flash.REMOVALS_WITHDRAWN: "Removals withdrawn. Analysts review the cases again.",
    Flash.SANCTION_VOTED: "Vote recorded. It also needs approval from another organisation.",
    Flash.SANCTION_CARRIED_OUT: "Sanction approved. The marketplace is notified when the undo window closes.",
    Flash.SANCTION_REFUSED: "Sanction rejected. Only a further strike can propose it again.",
    Flash.SANCTION_LIFTED: "Sanction lifted. The marketplace is notified of the account's status.",
    Flash.SETTINGS_KEPT: N_("Settings saved. They apply to all pages from now on."),
    Flash.FACTOR_ADDED: N_("Factor added. You use it at your next sign-in."),
    Flash.FACTOR_REMOVED: N_("Factor removed. Your other devices are signed out."),
    Flash.FACTOR_RESET: "Second factor reset. The user is signed out everywhere and told by mail.",
    Flash.SELLER_LISTED: "Seller added to the list. It applies from the next listing.",
    Flash.SELLER_UNLISTED: "Seller removed from the list. It applies from the next listing.",
    Flash.REPLAYED: "Sent again. Messages leave this list when the endpoint acknowledges them.",
    Flash.RECEIVER_PAUSED: "Endpoint paused. Messages wait until it resumes; none are lost.",
    Flash.RECEIVER_WOKEN: "Endpoint resumed. Waiting messages are sent now.",
    Flash.RECEIVER_OFF: "Endpoint disabled. Register another endpoint within one week.",
    Flash.ON_TRIAL: "Trial started. The model scores every listing alongside the champion and decides nothing.",
    Flash.SHARE_CHANGED: "Share changed. It applies from the next listing.",
    Flash.TRIAL_ENDED: "Trial ended. The champion decides for all sellers.",
    Flash.BREAKER_CLOSED: "Circuit breaker closed. Brands receive questions again.",
    Flash.DRIFT_ACKNOWLEDGED: "Acknowledged. The alarm of this feature is quiet until the shift worsens.",
    Flash.DRIFT_ALARMED: "Acknowledgement withdrawn. The shift counts as unexplained again.",
    Flash.GAVE_WAY: N_("You conceded. The listing is reinstated, and the seller is told."),
    Flash.MAINTAINED: N_("Your answer is recorded, and the seller can read it."),
    Flash.BRIEFED: N_("All answers are right. You can confirm from now on."),
    Flash.BRAND_NAMED: "Brand saved. Statements to the seller name it from now on.",
    Flash.SWITCHED_OFF: "Rule switched off. This applies from the next request.",
    Flash.SWITCHED_ON: "Rule switched on. Removals that are pending approval still need it.",
    Flash.REPORT_WITHDRAWN: N_("Withdrawn. Nothing is sent to the marketplace about these listings."),
    Flash.REPORT_RETRACTED: N_("Retracted. The listings are reinstated, and the sellers are told."),
    Flash.REPORT_CONFIRMED: N_("Confirmed. Your leads and your account manager are told by mail."),
    Flash.REPORT_RELEASED: N_("Released. Its removals are sent after an hour, in which the report can be stopped."),
    Flash.REPORT_STOPPED: N_("Report stopped. Nothing of it is sent to the marketplace."),
    Flash.FILTER_DELETED: "Filter deleted.",
    Flash.FILTER_RENAMED: "Filter renamed.",
    Flash.FILTER_SAVED: "Filter saved. It appears in the list on the left with its number of cases.",
    Flash.FOUNDED: "Marketplace created. You are its administrator.",
}


def go_to(request: Request, path: str, flash: Flash | None = None) -> RedirectResponse:
    """Redirect after a POST."""
    response = RedirectResponse(path, status_code=303)
    if flash is not None:
        secure = is_secure(runtime_of(request))
        response.set_cookie(_COOKIE, flash.value, max_age=_SECONDS, httponly=True, samesite="strict", secure=secure)
    return response


def flash_of(request: Request) -> Flash | None:
    """The code that the last redirect set."""
    code = request.cookies.get(_COOKIE)
    return Flash(code) if code in set(Flash) else None


def flash_sentence(request: Request) -> str | None:
    """The sentence of the code that the last redirect set."""
    flash = flash_of(request)
    return None if flash is None else say(SENTENCES[flash])


def delete_flash(request: Request, response: Response) -> None:
    """Delete the cookie after its sentence has been shown."""
    response.delete_cookie(_COOKIE, httponly=True, samesite="strict", secure=is_secure(runtime_of(request)))
