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
    """Changes without another trace on the next page, by the sentence; marked ones are on translated pages."""

    UNDONE = N_("Undone. The case is open again, and unsent actions are cancelled.")
    BULK_UNDONE = "Bulk decision undone. The cases are open again, and pending actions were withdrawn."
    NOTED = "Note saved. People you mentioned see it under Notes."
    NOTES_SEEN = "All notes are marked as read."
    NOTICE_ENDED = "Notice ended as invalid. The notifier is told why."
    HANDED_OVER = "Case handed over. Your colleague sees your note under Notes, and the case is assigned to them."
    SNOOZED = "Case snoozed. It returns to the queue automatically; until then, find it under Snoozed."
    TAKEN_UP = "Case resumed. It is back in the queue."
    QUEUE_DONE = "End of this queue. Cases above it, or assigned to a colleague, may still be open."
    BRAND_HANDED_OVER = "Brand handed over. Its new account manager finds it among their brands, with your note."
    BRAND_CHANGED = N_("Change saved. It applies from the next request.")
    DOCUMENT_KEPT = N_("Document saved. Rights and powers of attorney can refer to it.")
    RIGHT_CLAIMED = N_("Right claimed. It cannot be used until your account manager verifies it.")
    RIGHT_WITHDRAWN = N_(
        "Right withdrawn. It covers no further confirmations; those that it already covers stay covered."
    )
    RIGHT_SHARED = N_("Right shared. The other marketplace has its own copy, which its account manager verifies.")
    COPY_SHARED = N_("Shared. The other marketplace has its own copy; a change here does not affect it.")
    LIST_CHANGED = N_("List changed. It applies from the next listing.")
    ALIAS_ACCEPTED = "Alias accepted. Listings that come in from now on resolve to the brand by it."
    ALIAS_DISMISSED = "Alias dismissed. It is proposed again only if twice as many listings support it."
    ALIAS_REMOVED = "Alias removed. Listings that come in from now on no longer resolve to the brand by it."
    NAMING_UNDONE = "Naming undone. The brand of the case is what it was before."
    MESSAGE_ERASED = N_("Erased. The author and the time stay on record.")
    MESSAGE_SENT = N_("Message sent.")
    RIGHT_REFUSED = "Ticked rights refused. The brand sees the reason."
    RIGHT_VERIFIED = "Ticked rights verified. The brand's confirmations can rely on them from now on."
    PRICES_ADDED = N_("Prices added. The comparison uses them from the next listing.")
    PRICES_SHARED = N_("Prices shared. The other marketplace compares listings with them from the next one.")
    PRICES_ALL_THERE = N_("Nothing to share: the other marketplace has the same prices.")
    INDICATOR_ADDED = N_("Indicator added. It applies to every listing from the next one.")
    INDICATOR_ENDED = N_("Indicator withdrawn. Existing scores do not change.")
    DEACTIVATED = "User deactivated. All their sessions have ended. See below who took over their work."
    INVITATION_WITHDRAWN = "Invitation withdrawn. The link no longer works."
    JOINED = N_("Welcome. You are signed in.")
    KEY_REVOKED = N_("Key revoked. It stops working within one second.")
    SIGNING_KEY_REGISTERED = N_("Key registered. It signs requests from tomorrow on.")
    SERVICE_ACCOUNT_CHANGED = N_("The person is named and answers for the service account.")
    SERVICE_ACCOUNT_ENDED = N_("Service account ended. Its keys are refused from now on.")
    PASSWORD_CHANGED = N_("Your password is changed, and every other device is signed out.")
    PASSWORD_RESET = N_("Your password is changed. Sign in with the new one.")
    REACTIVATED = "User reactivated with their previous roles."
    ROLES_CHANGED = "Roles saved. They apply from the user's next request."
    WORK_HANDED_OVER = "Work handed over. See below who took over what."
    RETRAINING = "Retraining requested. Progress appears below."
    APPROVED = "Approval recorded. The model goes live after a second person approves it."
    APPROVAL_WITHDRAWN = "Approval withdrawn."
    PROMOTED = "Model promoted. It scores listings from now on."
    ROLLED_BACK = "Rolled back. The previous champion scores listings again."
    CONTRACT_PROPOSED = "Figure recorded. It holds once a second person approves it."
    REMOVALS_VOTED = "Vote recorded. Somebody of another organisation must agree."
    REMOVALS_APPROVED = "Removals approved. They are sent when their undo windows close."
    REMOVALS_WITHDRAWN = "Removals withdrawn. Analysts review the cases again."
    SANCTION_VOTED = "Vote recorded. It also needs approval from another organisation."
    SANCTION_CARRIED_OUT = "Sanction approved. The marketplace is notified when the undo window closes."
    SANCTION_REFUSED = "Sanction rejected. Only a further strike can propose it again."
    SANCTION_LIFTED = "Sanction lifted. The marketplace is notified of the account's status."
    SETTINGS_KEPT = N_("Settings saved. They apply to all pages from now on.")
    FACTOR_ADDED = N_("Factor added. You use it at your next sign-in.")
    FACTOR_REMOVED = N_("Factor removed. Your other devices are signed out.")
    FACTOR_RESET = "Second factor reset. The user is signed out everywhere and told by mail."
    SELLER_LISTED = "Seller added to the list. It applies from the next listing."
    SELLER_UNLISTED = "Seller removed from the list. It applies from the next listing."
    REPLAYED = "Sent again. Messages leave this list when the endpoint acknowledges them."
    RECEIVER_PAUSED = "Endpoint paused. Messages wait until it resumes; none are lost."
    RECEIVER_WOKEN = "Endpoint resumed. Waiting messages are sent now."
    RECEIVER_OFF = "Endpoint disabled. Register another endpoint within one week."
    ON_TRIAL = "Trial started. The model scores every listing alongside the champion and decides nothing."
    SHARE_CHANGED = "Share changed. It applies from the next listing."
    TRIAL_ENDED = "Trial ended. The champion decides for all sellers."
    BREAKER_CLOSED = "Circuit breaker closed. Brands receive questions again."
    DRIFT_ACKNOWLEDGED = "Acknowledged. The alarm of this feature is quiet until the shift worsens."
    DRIFT_ALARMED = "Acknowledgement withdrawn. The shift counts as unexplained again."
    GAVE_WAY = N_("You conceded. The listing is reinstated, and the seller is told.")
    MAINTAINED = N_("Your answer is recorded, and the seller can read it.")
    BRIEFED = N_("All answers are right. You can confirm from now on.")
    BRAND_NAMED = "Brand saved. Statements to the seller name it from now on."
    SWITCHED_OFF = "Rule switched off. This applies from the next request."
    SWITCHED_ON = "Rule switched on. Removals that are pending approval still need it."
    REPORT_WITHDRAWN = N_("Withdrawn. Nothing is sent to the marketplace about these listings.")
    REPORT_RETRACTED = N_("Retracted. The listings are reinstated, and the sellers are told.")
    REPORT_CONFIRMED = N_("Confirmed. Your leads and your account manager are told by mail.")
    REPORT_RELEASED = N_("Released. Its removals are sent after an hour, in which the report can be stopped.")
    REPORT_STOPPED = N_("Report stopped. Nothing of it is sent to the marketplace.")
    FILTER_DELETED = "Filter deleted."
    FILTER_RENAMED = "Filter renamed."
    FILTER_SAVED = "Filter saved. It appears in the list on the left with its number of cases."
    FOUNDED = "Marketplace created. You are its administrator."


def go_to(request: Request, path: str, flash: Flash | None = None) -> RedirectResponse:
    """Redirect after a POST."""
    response = RedirectResponse(path, status_code=303)
    if flash is not None:
        secure = is_secure(runtime_of(request))
        response.set_cookie(
            _COOKIE, flash.name.lower(), max_age=_SECONDS, httponly=True, samesite="strict", secure=secure
        )
    return response


def flash_of(request: Request) -> Flash | None:
    """The code that the last redirect set."""
    return Flash.__members__.get(request.cookies.get(_COOKIE, "").upper())


def flash_sentence(request: Request) -> str | None:
    """The sentence of the code that the last redirect set."""
    flash = flash_of(request)
    return None if flash is None else say(flash.value)


def delete_flash(request: Request, response: Response) -> None:
    """Delete the cookie after its sentence has been shown."""
    response.delete_cookie(_COOKIE, httponly=True, samesite="strict", secure=is_secure(runtime_of(request)))
