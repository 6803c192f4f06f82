"""The words of each kind of mail in the reader's language: one source for plain text and HTML."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from models.messages.english import sentences
from serving.mail.rules.kinds import MailKind, one_line
from serving.mail.service import removal_wording, report_wording, seller_wording
from serving.mail.service.content import Content, day_and_time
from serving.platform.tongues import N_, gettext, say, say_many

# The pages to which a mail leads where it has no link of its own.
PLACES: Final = {
    MailKind.QUESTIONS: "/brand",
    MailKind.REMINDERS: "/brand",
    MailKind.ESCALATIONS: "/brands",
    MailKind.OVERDUE_CASES: "/operations",
    MailKind.SECOND_FACTOR: "/settings/second-factor",
    MailKind.MODEL_ROLLBACK: "/models",
    MailKind.PENDING_REMOVALS: "/pending-removals",
}
NAMES: Final = {
    MailKind.INVITATION: N_("Invitations"),
    MailKind.PASSWORD_RESET: N_("Password reset links"),
    MailKind.NOTICE_RECEIPT: N_("Receipts of notices"),
    MailKind.NOTICE_DECISION: N_("Decisions on notices"),
    MailKind.QUESTIONS: N_("New questions to your brand"),
    MailKind.REMINDERS: N_("Reminders of questions that are due soon"),
    MailKind.ESCALATIONS: N_("Questions that a brand has not answered a day before the deadline"),
    MailKind.OVERDUE_CASES: N_("Overdue cases, once a day"),
    MailKind.SECOND_FACTOR: N_("Changes of your second factor"),
    MailKind.SIGN_IN_LINK: N_("Links to the sign-in while somebody guesses"),
    MailKind.LARGE_REPORT: N_("Large reports of your brand"),
    MailKind.REPORT_STOPPED: N_("Large reports of yours that somebody stopped"),
    MailKind.REPORT_WAITS: N_("Reports of yours that are not removed at once"),
    MailKind.MODEL_ROLLBACK: N_("Rollbacks of a model"),
    MailKind.NEW_SECRET: N_("New API keys and signing secrets"),
    MailKind.SECRETS_ENDED: N_("API keys and signing secrets that ended with their maker's access"),
    MailKind.BURST_ALARM: N_(
        "Removals that are pending after a burst: of your brand if you are a lead, of analysts if you administer"
    ),
    MailKind.PENDING_REMOVALS: N_("Removals that await your vote"),
    MailKind.REMOVALS_TOLD: N_("Removals in your name, or by people whom you can stop"),
    MailKind.SELLER_STATEMENT: N_("Statements of reasons to sellers"),
}
_ROLES: Final = {
    "analyst": N_("analyst"),
    "brand": N_("brand"),
    "account_manager": N_("account manager"),
    "data_scientist": N_("data scientist"),
    "admin": N_("administrator"),
}


def content(kind: MailKind, parameters: Mapping[str, Any]) -> Content:
    return _OF[kind](parameters)


def _invitation(parameters: Mapping[str, Any]) -> Content:
    place, by = one_line(parameters["marketplace"]), one_line(parameters["by"])
    role = _ROLES[parameters["role"]]  # Not in the call, whose literals are texts for the catalogues.
    rows = [(say("Marketplace"), place), (say("Role"), say(role))]
    if parameters["brand"] is not None:
        rows.insert(1, (say("Brand"), one_line(parameters["brand"])))
    return Content(
        say("Invitation to Touchstone at %(marketplace)s", marketplace=place),
        (
            say(
                "%(name)s invites you to Touchstone, where %(marketplace)s finds counterfeit listings.",
                name=by,
                marketplace=place,
            ),
        ),
        say("Accept invitation"),
        tuple(rows),
        (
            say(
                "The link is for you alone and can be used once, until %(time)s.",
                time=day_and_time(parameters["expires"]),
            ),
            say("If you do not expect this invitation, ignore this mail. Nothing happens then."),
        ),
    )


def _password_reset(parameters: Mapping[str, Any]) -> Content:
    return Content(
        say("Your link to a new password"),
        (
            say(
                "%(name)s has made a link with which you choose a new password for Touchstone.",
                name=one_line(parameters["by"]),
            ),
        ),
        say("Choose a new password"),
        (),
        (
            say(
                "The link is for you alone and can be used once, until %(time)s.",
                time=day_and_time(parameters["expires"]),
            ),
            say("If you did not ask for a new password, tell your administrator. Your password stays as it is."),
        ),
    )


def _notice_receipt(parameters: Mapping[str, Any]) -> Content:
    number = parameters["notice_id"]
    received = say("We have received your notice %(number)s.", number=number)
    known = say_many("It names %(n)s listing.", "It names %(n)s listings.", parameters["n"])
    if not parameters["to_confirm"]:
        promise = say("We tell you our decision at this address. The link shows the state of your notice.")
        return Content(
            say("Receipt of your notice %(number)s", number=number), (received, known, promise), say("Show notice")
        )
    request = say("Confirm that you sent it, so that we can tell you our decision at this address.")
    return Content(
        say("Please confirm your notice %(number)s", number=number),
        (received, known, request),
        say("Confirm notice"),
        (),
        (say("If you sent no notice, ignore this mail. Somebody may have mistyped their address."),),
    )


def _notice_decision(parameters: Mapping[str, Any]) -> Content:
    number = parameters["notice_id"]
    decisions = [(sentences()[decision["code"]].text, decision["n"]) for decision in parameters["decisions"]]
    rows = tuple((gettext(text), say_many("%(n)s listing", "%(n)s listings", n)) for text, n in decisions)
    return Content(
        say("Decision on your notice %(number)s", number=number),
        (
            say("We have decided on listings that your notice %(number)s names.", number=number),
            say("The link shows the decision on each listing, its reasons, and what you can do if you disagree."),
        ),
        say("Show decisions"),
        rows,
    )


def _questions(parameters: Mapping[str, Any]) -> Content:
    n = _total(parameters)
    return Content(
        say_many("%(n)s new question to your brand", "%(n)s new questions to your brand", n),
        (say("Please say for each listing whether it is counterfeit. Without your answer, an analyst decides."),),
        say("Answer questions"),
        _brand_rows(parameters),
    )


def _reminders(parameters: Mapping[str, Any]) -> Content:
    n = _total(parameters)
    return Content(
        say_many("Reminder: %(n)s question is due soon", "Reminder: %(n)s questions are due soon", n),
        (say("These questions have no answer yet. After the deadline an analyst decides."),),
        say("Answer questions"),
        _brand_rows(parameters),
    )


def _escalations(parameters: Mapping[str, Any]) -> Content:
    n = _total(parameters)
    return Content(
        say_many("%(n)s question without an answer", "%(n)s questions without an answer", n),
        (say("A brand in your care has not answered, and less than a day is left. You can call the brand."),),
        say("Open brands"),
        _brand_rows(parameters),
    )


def _overdue_cases(parameters: Mapping[str, Any]) -> Content:
    n = _total(parameters)
    rows = tuple(
        (one_line(group["marketplace"]), say_many("%(n)s case", "%(n)s cases", group["n"]))
        for group in parameters["entries"]
    )
    return Content(
        say_many("%(n)s case is overdue", "%(n)s cases are overdue", n),
        (say("These cases are open past their deadline."),),
        say("Open operations"),
        rows,
    )


def _second_factor(parameters: Mapping[str, Any]) -> Content:
    by = one_line(parameters["by"])
    subject, sentence = {
        "waits": (
            say("Confirm your new second factor"),
            say("A second factor was set up for your Touchstone account. It counts once you confirm it by this link."),
        ),
        "added": (
            say("A second factor was added to your account"),
            say("A second factor was added to your Touchstone account. It is asked for at your next sign-in."),
        ),
        "removed": (
            say("A second factor was removed from your account"),
            say("A second factor was removed from your Touchstone account."),
        ),
        "codes": (
            say("New recovery codes of your account"),
            say("New recovery codes were made for your Touchstone account. The earlier ones no longer work."),
        ),
        "reset": (
            say("Your second factor was reset"),
            say("%(name)s has removed your second factors and signed you out everywhere.", name=by),
        ),
    }[parameters["what"]]
    return Content(
        subject,
        (sentence,),
        say("Confirm factor") if parameters["what"] == "waits" else say("Show second factors"),
        (),
        (say("If you did not expect this, change your password and tell your administrator at once."),),
    )


def _sign_in_link(_given: Mapping[str, Any]) -> Content:
    return Content(
        say("Too many wrong sign-ins to your account"),
        (
            say("Somebody entered too many wrong passwords or codes for your Touchstone account."),
            say("If you are refused in a new browser, sign in there by this link, with your password as usual."),
        ),
        say("Sign in"),
        (),
        (say("If it was not you and this continues, change your password and tell your administrator."),),
    )


def _model_rollback(parameters: Mapping[str, Any]) -> Content:
    by = one_line(parameters["by"])
    return Content(
        say("%(marketplace)s went back to an earlier model", marketplace=one_line(parameters["marketplace"])),
        (
            say("%(name)s has rolled back the model. An earlier one scores listings again.", name=by),
            say("If you did not expect this, ask %(name)s, and tell your administrator at once.", name=by),
        ),
        say("Show models"),
        ((say("Model"), one_line(parameters["model"])), (say("Reason"), one_line(parameters["reason"]))),
        (),
    )


_OF: Final[Mapping[MailKind, Callable[[Mapping[str, Any]], Content]]] = {
    MailKind.INVITATION: _invitation,
    MailKind.PASSWORD_RESET: _password_reset,
    MailKind.NOTICE_RECEIPT: _notice_receipt,
    MailKind.NOTICE_DECISION: _notice_decision,
    MailKind.QUESTIONS: _questions,
    MailKind.REMINDERS: _reminders,
    MailKind.ESCALATIONS: _escalations,
    MailKind.OVERDUE_CASES: _overdue_cases,
    MailKind.SECOND_FACTOR: _second_factor,
    MailKind.SIGN_IN_LINK: _sign_in_link,
    MailKind.LARGE_REPORT: report_wording.large_report,
    MailKind.REPORT_STOPPED: report_wording.report_stopped,
    MailKind.REPORT_WAITS: report_wording.report_waits,
    MailKind.BURST_ALARM: report_wording.burst_alarm,
    MailKind.NEW_SECRET: removal_wording.new_secret,
    MailKind.SECRETS_ENDED: removal_wording.secrets_ended,
    MailKind.MODEL_ROLLBACK: _model_rollback,
    MailKind.REMOVALS_TOLD: removal_wording.removals_told,
    MailKind.PENDING_REMOVALS: removal_wording.pending_removals,
    MailKind.SELLER_STATEMENT: seller_wording.seller_statement,
}


def _total(parameters: Mapping[str, Any]) -> int:
    return sum(group["n"] for group in parameters["entries"])


def _brand_rows(parameters: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (
            say(
                "%(brand)s at %(marketplace)s",
                brand=one_line(group["brand"]),
                marketplace=one_line(group["marketplace"]),
            ),
            say_many(
                "%(n)s question, answer by %(time)s",
                "%(n)s questions, the first answer by %(time)s",
                group["n"],
                time=day_and_time(group["due"]),
            ),
        )
        for group in parameters["entries"]
    )
