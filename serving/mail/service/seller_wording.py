"""The words of mails to sellers in the reader's language."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from features.message import Message
from serving.mail.rules.kinds import SellerNews, one_line
from serving.mail.service.content import Content, day_and_time
from serving.platform.tongues import N_, say

_SUBJECTS: Final = {
    SellerNews.REMOVED: N_("%(marketplace)s removed your listing “%(title)s”"),
    SellerNews.MAINTAINED: N_("The rights holder maintains the removal of “%(title)s”"),
    SellerNews.DISMISSED: N_("The removal of “%(title)s” stands"),
    SellerNews.REINSTATED: N_("%(marketplace)s shows your listing “%(title)s” again"),
}
_NEWS: Final = {
    SellerNews.REMOVED: N_("If you think that this is wrong, answer on the page to which the link leads."),
    SellerNews.MAINTAINED: N_("The page shows its reasons. You can answer again there, or appeal to a reviewer."),
    SellerNews.DISMISSED: N_(
        "A person who did not make the original decision has reviewed it. You can still turn to a dispute "
        "settlement body or a court."
    ),
    SellerNews.REINSTATED: N_("The reasons stand below. The link shows what was decided before."),
}


@dataclass(frozen=True, slots=True)
class StatementWords:
    """What puts a statement of reasons in the reader's words, as the seller's page does: labels with their texts."""

    rows: Callable[[Mapping[str, Any], Mapping[str, Message]], tuple[tuple[str, str], ...]]


def seller_statement(parameters: Mapping[str, Any]) -> Content:
    """To the seller of a removed listing."""
    news = SellerNews(parameters["news"])
    title, place = one_line(parameters["title"]), one_line(parameters["marketplace"])
    subject, sentence = _SUBJECTS[news], _NEWS[news]  # Not in the call, whose literals are texts for the catalogues.
    due = parameters["due"]
    deadline = [] if due is None else [(say("Answer by"), day_and_time(due))]
    return Content(
        say(subject, title=title, marketplace=place),
        (say(sentence),),
        say("Open page"),
        ((say("Listing"), one_line(parameters["listing"])), *deadline, *parameters["rows"]),
        (say("Anybody with the link can answer for you: do not pass it on."),),
    )
