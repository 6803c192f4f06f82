"""The words of mails about API keys and signing secrets in the reader's language."""

from collections.abc import Mapping
from typing import Any, Final

from serving.mail.rules.kinds import one_line
from serving.mail.service.content import Content
from serving.platform.tongues import N_, gettext, say

_WHAT: Final = {
    "brand_key": N_("API key that reports listings for your brand"),
    "key": N_("API key"),
    "endpoint": N_("Webhook endpoint, which receives every removal"),
    "rotated": N_("Signing secret of the webhook endpoint"),
}


def new_secret(given: Mapping[str, Any]) -> Content:
    """To the leads of a brand, or the administrators of a marketplace: somebody has made a secret there."""
    by, place = one_line(given["by"]), one_line(given["marketplace"])
    what = _WHAT[given["what"]]  # Not in the call, whose literals are texts for the catalogues.
    rows = [(say("Kind"), gettext(what)), (say("Name"), one_line(given["name"]))]
    rows += [(say("Brand"), one_line(given["brand"]))] if given["brand"] else []
    return Content(
        say("A new key or signing secret at %(marketplace)s", marketplace=place),
        (say("%(name)s has created a key or a signing secret.", name=by),),
        say("Show keys and secrets"),
        (*rows, (say("Marketplace"), place)),
        (say("If this was not intended, end it at once. Then %(name)s must change the password.", name=by),),
    )


def secrets_ended(given: Mapping[str, Any]) -> Content:
    """To the administrators: secrets ended with their maker's access or password, or need a decision."""
    maker, place = one_line(given["maker"]), one_line(given["marketplace"])
    rows = [(say("Ended"), one_line(name)) for name in given["ended"]]
    rows += [(say("Still valid"), one_line(name)) for name in given["staying"]]
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
