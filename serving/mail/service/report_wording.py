"""The words of mails about reports and confirmations of brands in the reader's language."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from serving.mail.rules.kinds import one_line
from serving.mail.service.content import Content, day_and_time
from serving.platform.tongues import N_, say, say_many

_STEP_UP: Final = "report.step_up"
# By the code of the message that the listing has on the page of its report.
_WHY: Final = {
    _STEP_UP: N_("Waiting for your second factor"),
    "pending.switched_off": N_("Pending approval: removals on a brand's confirmation are switched off"),
    "pending.user_burst": N_("Pending approval: too many removals of one person within an hour"),
    "pending.brand_burst": N_("Pending approval: too many removals of your brand within an hour"),
    "pending.seller_share": N_("Pending approval: many listings of one seller"),
    "pending.high_impact": N_("Pending approval: a large seller"),
    "pending.high_impact_12m": N_("Pending approval: a large seller"),
    "pending.chosen": N_("Pending approval: the case was opened by choice"),
    "pending.untold": N_("Pending approval: no mail about these removals reaches anybody who could stop them"),
    "pending.stopped": N_("Pending approval: somebody has stopped the removals of this person"),
    "pending.person_day": N_("Pending approval: too many removals of one person within a day"),
    "pending.person_week": N_("Pending approval: too many removals of one person within a week"),
    "pending.brand_day": N_("Pending approval: too many removals of your brand within a day"),
    "pending.marketplace_day": N_("Pending approval: far more removals than usual at the marketplace"),
    "effect.capped.used": N_("With an analyst: today's immediate removals are used"),
    "effect.provisional.used": N_("With an analyst: today's immediate removals are used"),
}


def large_report(parameters: Mapping[str, Any]) -> Content:
    """To those who can stop a report that was confirmed with a second factor, or that a service account signed."""
    brand, n, name = one_line(parameters["brand"]), parameters["n"], one_line(parameters["by"])
    if parameters["waits"]:
        sentences = [
            say("The service account %(name)s has signed a report that waits for a person.", name=name),
            say("Release it if the brand's program sent it. Nothing of it is removed until then."),
        ]
    elif parameters["signed"]:
        sentences = [
            say("The service account %(name)s has signed a report. Its listings are removed after an hour.", name=name),
            say("If the report is wrong, or the brand's program did not send it, stop it."),
        ]
    else:
        sentences = [
            say(
                "%(name)s has confirmed a large report with a second factor. Its listings are removed after an hour.",
                name=name,
            ),
            say("If the report is wrong, or %(name)s did not send it, stop it.", name=name),
        ]
    return Content(
        say_many("%(brand)s reports %(n)s listing", "%(brand)s reports %(n)s listings", n, brand=brand),
        tuple(sentences),
        say("Review or release report") if parameters["waits"] else say("Review or stop report"),
        (
            (say("Brand"), brand),
            (say("Marketplace"), one_line(parameters["marketplace"])),
            (say("Can be stopped until"), day_and_time(parameters["until"])),
        ),
        (say("The link is for you alone. Opening it changes nothing; the page asks you first."),),
    )


def report_stopped(parameters: Mapping[str, Any]) -> Content:
    """To those who sent and confirmed a report that somebody has stopped."""
    n, by, sent = parameters["n"], one_line(parameters["by"]), parameters["too_late"]
    rows = [
        (say("Brand"), one_line(parameters["brand"])),
        (say("Marketplace"), one_line(parameters["marketplace"])),
        (say("Stopped by"), by),
    ]
    if sent:
        rows.append((say("Sent before"), _listing_count(sent)))
    return Content(
        say("Your report was stopped"),
        (
            say_many(
                "%(name)s has stopped your report. %(n)s listing stays on sale.",
                "%(name)s has stopped your report. %(n)s listings stay on sale.",
                n,
                name=by,
            ),
            say("Your leads and your account manager can stop a report within the hour after its confirmation."),
            say("If the report was right, talk to %(name)s, and report the listings again.", name=by),
        ),
        say("Show report"),
        tuple(rows),
        (
            say("The person who confirmed the report was signed out everywhere."),
            say("If you did not send this report, change your password and check your second factors at once."),
        ),
    )


def report_waits(parameters: Mapping[str, Any]) -> Content:
    """To the person who reported, once a report: which of its listings wait, and why."""
    codes = {reason["code"] for reason in parameters["reasons"]}
    counts = Counter[str]()
    for reason in parameters["reasons"]:
        counts[_WHY[reason["code"]]] += reason["n"]
    sentences = []
    if _STEP_UP in codes:
        sentences.append(say("Open the report to confirm it with your second factor, or to send it without."))
    if any(code.startswith("pending.") for code in codes):
        sentences.append(say("The marketplace decides about removals that are pending approval."))
    if any(code.startswith("effect.") for code in codes):
        sentences.append(say("An analyst decides about the listings beyond today's immediate removals."))
    return Content(
        say_many(
            "%(n)s listing of your report is not removed at once",
            "%(n)s listings of your report are not removed at once",
            counts.total(),
        ),
        (*sentences, say("You need not report these listings again.")),
        say("Show report"),
        (
            (say("Brand"), one_line(parameters["brand"])),
            (say("Marketplace"), one_line(parameters["marketplace"])),
            *((say(why), _listing_count(n)) for why, n in counts.items()),
        ),
        (say("You get one such mail a report. The page of the report shows how it stands."),),
    )


def _listing_count(n: int) -> str:
    return say_many("%(n)s listing", "%(n)s listings", n)
