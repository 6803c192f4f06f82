"""The words of mails about a person's removals and about secrets, in the reader's language."""

from collections.abc import Mapping
from typing import Any, Final

from serving.mail.rules.kinds import one_line
from serving.mail.service.content import Content, day_and_time
from serving.platform.tongues import N_, gettext, say, say_many


def removals_told(parameters: Mapping[str, Any]) -> Content:
    """To a person and those who can stop the person's removals: what left, or that somebody stopped it."""
    name, n = one_line(parameters["by"]), parameters["n"]
    rows = [(say("Marketplace"), one_line(parameters["marketplace"]))]
    if parameters["brand"] is not None:
        rows.insert(0, (say("Brand"), one_line(parameters["brand"])))
    if parameters["reason"] == "stopped":
        return _removals_stopped(parameters, name, rows)
    subject, sentence = {
        "new_device": (
            say("Removal in the name of %(name)s from a new device", name=name),
            say("%(name)s has removed a listing from a browser or network where the account is not known.", name=name),
        ),
        "above_usual": (
            say("More removals than usual in the name of %(name)s", name=name),
            say("%(name)s has removed more listings today than on a usual day.", name=name),
        ),
        "evening": (
            say_many(
                "%(n)s removal of a day in the name of %(name)s",
                "%(n)s removals of a day in the name of %(name)s",
                n,
                name=name,
            ),
            say("These removals of the last 24 hours were made in the name of %(name)s.", name=name),
        ),
    }[parameters["reason"]]
    rows.append((say("Removals of the day"), str(n)))
    if parameters["new"]:
        rows.append((say("From a new device"), str(parameters["new"])))
    rows.append((say("Listings"), ", ".join(map(one_line, parameters["listings"]))))
    return Content(
        subject,
        (sentence, say("If %(name)s did not make these removals, stop them.", name=name)),
        say("Review or stop removals"),
        tuple(rows),
        (
            say("The link is for you alone. Opening it changes nothing; the page asks you first."),
            say("You cannot turn this mail off, because without it a stolen account would go unnoticed."),
        ),
    )


def pending_removals(parameters: Mapping[str, Any]) -> Content:
    """To those with a vote on pending removals: the brands, and the people who confirmed them."""
    rows = []
    for group in parameters["entries"]:
        brand, place = one_line(group["brand"]), one_line(group["marketplace"])
        why = say(
            "confirmed by %(name)s, pending since %(time)s", name=one_line(group["by"]), time=day_and_time(group["due"])
        )
        rows.append((say("%(brand)s at %(marketplace)s", brand=brand, marketplace=place), why))
    sentence = say("Removals are confirmed and not sent. You have a vote on them: approve or withdraw each.")
    return Content(say("Removals await your vote"), (sentence,), say("Open pending removals"), tuple(rows))


def _removals_stopped(parameters: Mapping[str, Any], name: str, rows: list[tuple[str, str]]) -> Content:
    by = one_line(parameters["stopped_by"])
    return Content(
        say("The removals of %(name)s were stopped", name=name),
        (
            say_many(
                "%(by)s has stopped the removals of %(name)s. %(n)s removal was withdrawn.",
                "%(by)s has stopped the removals of %(name)s. %(n)s removals were withdrawn.",
                parameters["n"],
                by=by,
                name=name,
            ),
            say("The account was signed out everywhere, and its API keys have ended."),
            say("Until somebody approves one of its removals, all of them are pending approval."),
        ),
        say("Open Touchstone"),
        (*rows, (say("Stopped by"), by)),
        (say("If this is your account, change your password and check your second factors at once."),),
    )


_WHAT: Final = {
    "signing_key": N_("Signing key, with which a program reports listings for your brand"),
    "key": N_("API key"),
    "endpoint": N_("Webhook endpoint, which receives every removal"),
    "rotated": N_("Signing secret of the webhook endpoint"),
}


def new_secret(parameters: Mapping[str, Any]) -> Content:
    """To the leads of a brand, or the administrators of a marketplace: somebody has made a secret there."""
    by, place = one_line(parameters["by"]), one_line(parameters["marketplace"])
    what = _WHAT[parameters["what"]]  # Not in the call, whose literals are texts for the catalogues.
    rows = [(say("Kind"), gettext(what)), (say("Name"), one_line(parameters["name"]))]
    rows += [(say("Brand"), one_line(parameters["brand"]))] if parameters["brand"] else []
    return Content(
        say("A new key or signing secret at %(marketplace)s", marketplace=place),
        (say("%(name)s has created a key or a signing secret.", name=by),),
        say("Show keys and secrets"),
        (*rows, (say("Marketplace"), place)),
        (say("If this was not intended, end it at once. Then %(name)s must change the password.", name=by),),
    )


def service_account_paused(parameters: Mapping[str, Any]) -> Content:
    """To the leads of a brand and its account manager: a service account waits for another person."""
    account, who = one_line(parameters["name"]), one_line(parameters["who"])
    return Content(
        say("The service account %(name)s is paused", name=account),
        (
            say(
                "%(name)s no longer answers for it. Its requests are refused until a lead names a second person.",
                name=who,
            ),
        ),
        say("Open service accounts"),
        ((say("Brand"), one_line(parameters["brand"])), (say("Service account"), account)),
    )


def secrets_ended(parameters: Mapping[str, Any]) -> Content:
    """To the administrators: secrets ended with their maker's access or password, or need a decision."""
    maker, place = one_line(parameters["maker"]), one_line(parameters["marketplace"])
    rows = [(say("Ended"), one_line(name)) for name in parameters["ended"]]
    rows += [(say("Still valid"), one_line(name)) for name in parameters["staying"]]
    return Content(
        say("Keys and signing secrets of %(name)s", name=maker),
        (say("%(name)s made these keys or signing secrets for %(marketplace)s.", name=maker, marketplace=place),),
        say("Show user"),
        tuple(rows),
        (
            say("Systems that used an ended key or secret no longer work."),
            say("Create a new key, or register the endpoint again."),
            say("If you do not know one that is still valid, end it."),
        ),
    )
