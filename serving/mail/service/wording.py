"""The words of each kind of mail in the reader's language: one source for plain text and HTML."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from models.messages.english import sentences
from serving.mail.rules.kinds import MailKind, one_line
from serving.mail.service import removal_wording, report_wording, seller_wording
from serving.mail.service.content import Content, day_and_time
from serving.mail.service.fixed_wording import fixed_words
from serving.platform.tongues import N_, NN_, gettext, say, say_many

# The pages to which a mail leads where it has no link of its own.
PLACES: Final = {
    MailKind.QUESTIONS: "/brand",
    MailKind.REMINDERS: "/brand",
    MailKind.ESCALATIONS: "/brands",
    MailKind.OVERDUE_CASES: "/operations",
    MailKind.SECOND_FACTOR: "/settings/second-factor",
    MailKind.MODEL_ROLLBACK: "/models",
    MailKind.SERVICE_ACCOUNT_PAUSED: "/brand/service-accounts",
    MailKind.PENDING_REMOVALS: "/pending-removals",
    MailKind.DELIVERIES_FAIL: "/operations/webhook",
    MailKind.QUESTIONS_PAUSED: "/models",
    MailKind.CASES_DUE: "/queue?due=24",
    MailKind.TRAINING_ENDED: "/models",
    MailKind.FEATURES_SHIFTED: "/models/live",
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
    MailKind.SERVICE_ACCOUNT_PAUSED: N_("Service accounts that wait for a person"),
    MailKind.BURST_ALARM: N_(
        "Removals that are pending after a burst: of your brand if you are a lead, of analysts if you administer"
    ),
    MailKind.PENDING_REMOVALS: N_("Removals that await your vote"),
    MailKind.REMOVALS_TOLD: N_("Removals in your name, or by people whom you can stop"),
    MailKind.ALARM: N_("Alarms: a removed listing is still shown, or a brand names many listings of one seller"),
    MailKind.DELIVERIES_FAIL: N_("Removals that do not reach the marketplace"),
    MailKind.QUESTIONS_PAUSED: N_("Pauses of questions to brands, because the model flags too much"),
    MailKind.CASES_DUE: N_("Cases that are due within a day, once a day"),
    MailKind.COUNTER_NOTICES_DUE: N_("Sellers' counter-notices that the brand must answer soon, once a day"),
    MailKind.STANDING_CHANGED: N_("Brands of yours that gain or lose a level of standing"),
    MailKind.TRAINING_ENDED: N_("Trainings that ended, and gates that a model does not pass"),
    MailKind.FEATURES_SHIFTED: N_("Signals that have shifted since the model was trained"),
    MailKind.SELLER_STATEMENT: N_("Statements of reasons to sellers"),
}
_ROLES: Final = {
    "analyst": N_("analyst"),
    "brand": N_("brand"),
    "account_manager": N_("account manager"),
    "data_scientist": N_("data scientist"),
    "admin": N_("administrator"),
}
_LANES: Final = {
    "analyst": N_("Reviews"),
    "audit": N_("Audits"),
    "insufficient_evidence": N_("Insufficient evidence"),
    "appeal": N_("Appeals of sellers"),
    "complaint": N_("Complaints of notifiers"),
    "second_review": N_("Second reviews"),
}
_QUESTIONS: Final = NN_("%(n)s question, answer by %(time)s", "%(n)s questions, the first answer by %(time)s")
_CASES: Final = NN_("%(n)s case, due %(time)s", "%(n)s cases, the first due %(time)s")
_ITEMS: Final = {
    MailKind.OVERDUE_CASES: _CASES,
    MailKind.CASES_DUE: _CASES,
    MailKind.COUNTER_NOTICES_DUE: NN_(
        "%(n)s counter-notice, answer by %(time)s", "%(n)s counter-notices, the first answer by %(time)s"
    ),
}
_COUNTED: Final = {
    MailKind.QUESTIONS: (
        NN_("%(n)s new question to your brand", "%(n)s new questions to your brand"),
        (N_("Please say for each listing whether it is counterfeit. Without your answer, an analyst decides."),),
        N_("Answer questions"),
    ),
    MailKind.REMINDERS: (
        NN_("Reminder: %(n)s question is due soon", "Reminder: %(n)s questions are due soon"),
        (N_("These questions have no answer yet. After the deadline an analyst decides."),), N_("Answer questions"),
    ),
    MailKind.ESCALATIONS: (
        NN_("%(n)s question without an answer", "%(n)s questions without an answer"),
        (N_("A brand in your care has not answered, and less than a day is left. You can call the brand."),),
        N_("Open brands"),
    ),
    MailKind.OVERDUE_CASES: (
        NN_("%(n)s case is overdue", "%(n)s cases are overdue"),
        (N_("These cases are open past their deadline."),), N_("Open operations"),
    ),
    MailKind.CASES_DUE: (
        NN_("%(n)s case is due within a day", "%(n)s cases are due within a day"),
        (N_("These open cases are overdue, or due within a day."),), N_("Open queue"),
    ),
    MailKind.COUNTER_NOTICES_DUE: (
        NN_("%(n)s counter-notice is due soon", "%(n)s counter-notices are due soon"),
        (N_("A seller disputes a removal. Without an answer in time, the removed listing can return."),
         N_("Concede, or say why the removal is right.")),
        N_("Answer counter-notices"),
    ),
}  # fmt: skip


def content(kind: MailKind, parameters: Mapping[str, Any]) -> Content:
    return _counted(kind, parameters) if kind in _COUNTED else _OF.get(kind, fixed_words)(parameters)


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


_OF: Final[Mapping[MailKind, Callable[[Mapping[str, Any]], Content]]] = {
    MailKind.INVITATION: _invitation,
    MailKind.PASSWORD_RESET: _password_reset,
    MailKind.NOTICE_RECEIPT: _notice_receipt,
    MailKind.NOTICE_DECISION: _notice_decision,
    MailKind.SECOND_FACTOR: _second_factor,
    MailKind.LARGE_REPORT: report_wording.large_report,
    MailKind.REPORT_STOPPED: report_wording.report_stopped,
    MailKind.REPORT_WAITS: report_wording.report_waits,
    MailKind.NEW_SECRET: removal_wording.new_secret,
    MailKind.SECRETS_ENDED: removal_wording.secrets_ended,
    MailKind.SERVICE_ACCOUNT_PAUSED: removal_wording.service_account_paused,
    MailKind.REMOVALS_TOLD: removal_wording.removals_told,
    MailKind.PENDING_REMOVALS: removal_wording.pending_removals,
    MailKind.SELLER_STATEMENT: seller_wording.seller_statement,
}


def _counted(kind: MailKind, parameters: Mapping[str, Any]) -> Content:
    """A mail about so many items, with a row a brand or lane."""
    groups = parameters.get("lanes") or parameters["entries"]
    forms, sentences, button = _COUNTED[kind]
    if parameters.get("manages"):
        sentences, button = (sentences[0], N_("Call the brand: only its users can answer.")), N_("Open brands")
    items = _ITEMS.get(kind, _QUESTIONS)
    rows = tuple((_name_of(group), say_many(*items, group["n"], time=day_and_time(group["due"]))) for group in groups)
    subject = say_many(*forms, sum(group["n"] for group in groups))
    return Content(subject, tuple(map(say, sentences)), say(button), rows)


def _name_of(group: Mapping[str, Any]) -> str:
    lane = _LANES.get(group.get("lane", ""))  # Not in the call, whose literals are texts for the catalogues.
    name = one_line(group["brand"]) if lane is None else say(lane)
    return say("%(brand)s at %(marketplace)s", brand=name, marketplace=one_line(group["marketplace"]))
