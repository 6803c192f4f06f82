"""Mails whose words are fixed: only the names in them and the rows below them differ."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from serving.mail.rules.kinds import one_line
from serving.mail.service.content import Content
from serving.platform.tongues import N_, number, say


@dataclass(frozen=True, slots=True)
class _Words:
    """Texts for the catalogues, and the parameters that the rows show."""

    subject: str
    button: str
    rows: tuple[str, ...]
    paragraphs: tuple[str, ...]
    notes: tuple[str, ...] = ()


_MOST_NAMED: Final = 20
_ROWS: Final = {
    "brand": N_("Brand"), "marketplace": N_("Marketplace"), "by": N_("Last confirmed by"), "model": N_("Model"),
    "reason": N_("Reason"), "listing": N_("Listing"), "seller": N_("Seller"), "n": N_("Listings"),
    "url": N_("Webhook endpoint"), "scored": N_("Listings scored"), "flagged": N_("Listings flagged"),
    "hours": N_("Period in hours"), "level": N_("Level now"), "before": N_("Level before"),
    "gates": N_("Gates not passed"), "signals": N_("Signals"),
}  # fmt: skip
_LEVELS: Final = {
    "self_service": N_("Self-service removal"),
    "signed_volume": N_("Removal at once, signed reports included"),
    "full": N_("Removal at once, large reports included"),
    "provisional": N_("Removal at once, up to a daily limit"),
    "capped": N_("Good standing lost: a few removals a day at once"),
    "suspended": N_("Suspended: an analyst decides every confirmation"),
}
_OTHER_CHANNEL: Final = N_("If you did not expect this, ask %(name)s by another channel.")
_WORDS: Final = {
    "model_rollback": _Words(
        N_("%(marketplace)s went back to an earlier model"), N_("Show models"), ("model", "reason"),
        (N_("%(name)s has rolled back the model. An earlier one scores listings again."),
         N_("If you did not expect this, ask %(name)s, and tell your administrator at once.")),
    ),
    "sign_in_link": _Words(
        N_("Too many wrong sign-ins to your account"), N_("Sign in"), (),
        (N_("Somebody entered too many wrong passwords or codes for your Touchstone account."),
         N_("If you are refused in a new browser, sign in there by this link, with your password as usual.")),
        (N_("If it was not you and this continues, change your password and tell your administrator."),),
    ),
    "brand_burst": _Words(
        N_("Removals of %(brand)s are pending approval"), N_("Show limits"), ("brand", "marketplace", "by"),
        (N_("Users of your brand have confirmed more removals than leave at once."),
         N_("Until the pending removals are decided, all removals of your brand need approval."), _OTHER_CHANNEL),
        (N_("If an account may be stolen, remove its access and tell your account manager at once."),),
    ),
    "analyst_burst": _Words(
        N_("Removals of %(name)s are pending approval"), N_("Show pending removals"), ("marketplace", "by"),
        (N_("This analyst has confirmed more removals within an hour than leave at once."),
         N_("Until the pending removals are decided, all removals of this analyst need approval."), _OTHER_CHANNEL),
        (N_("If the account may be stolen, deactivate it at once."),),
    ),
    "still_shown": _Words(
        N_("Alarm: a removed listing is still shown"), N_("Show listings"), ("listing", "marketplace"),
        (N_("The marketplace acknowledged the removal of this listing, and still shows it."),
         N_("Ask the marketplace's technical team. Sending the removal again has no effect.")),
    ),
    "campaign": _Words(
        N_("Alarm: %(brand)s names many listings of one seller"), N_("Open Touchstone"),
        ("brand", "seller", "n", "marketplace"),
        (N_("In a short time, the brand named far more listings of this seller than it usually does."),
         N_("Check the brand's reports and answers about this seller.")),
    ),
    "receiver_failing": _Words(
        N_("Removals do not reach %(marketplace)s"), N_("Show webhook endpoint"), ("url", "marketplace"),
        (N_("The webhook endpoint has failed several times in a row, so deliveries to it are paused."),
         N_("Removals wait, and are tried again by themselves. Check the endpoint with its operator.")),
    ),
    "receiver_gone": _Words(
        N_("Removals do not reach %(marketplace)s"), N_("Show webhook endpoint"), ("url", "marketplace"),
        (N_("The webhook endpoint answered that it no longer exists (410), so it is disabled."),
         N_("Removals wait for up to a week. Register another endpoint before then.")),
    ),
    "questions_paused": _Words(
        N_("Questions to brands are paused at %(marketplace)s"), N_("Show models"),
        ("hours", "scored", "flagged", "marketplace"),
        (N_("The model flags an unusual number of listings. Until the pause is ended, analysts get its cases."),
         N_("Find the cause, such as a campaign or a faulty feed. Then resume the questions and give the cause.")),
    ),
    "standing_gained": _Words(
        N_("%(brand)s gained a level of standing"), N_("Open brand"), ("level", "before", "marketplace"),
        (N_("The brand's confirmations now have a stronger effect."),),
    ),
    "standing_lost": _Words(
        N_("%(brand)s lost a level of standing"), N_("Open brand"), ("level", "before", "marketplace"),
        (N_("The brand's confirmations now have a weaker effect. Tell it why, and how it can regain the level."),),
    ),
    "standing_warned": _Words(
        N_("%(brand)s may soon lose good standing"), N_("Open brand"), ("level", "marketplace"),
        (N_("The brand's record is near a limit. Show it what went wrong before it loses anything."),),
    ),
    "training_failed": _Words(
        N_("A training failed"), N_("Show models"), ("reason", "marketplace"),
        (N_("No new model was made. The model in use stays in use."),),
    ),
    "training_done": _Words(
        N_("A new model is ready for review"), N_("Show models"), ("model", "marketplace"),
        (N_("It passed all gates, and scores listings once enough people approve it."),),
    ),
    "gates_failed": _Words(
        N_("A new model did not pass its gates"), N_("Show models"), ("gates", "model", "marketplace"),
        (N_("Compare it with the model in use before anybody approves it."),),
    ),
    "features_shifted": _Words(
        N_("Signals have shifted at %(marketplace)s"), N_("Show drift report"), ("signals",),
        (N_("The values of these signals now differ clearly from those before the model in use."),
         N_("Look for the cause, such as a new market or a changed feed. Then retrain, or note why it is acceptable.")),
    ),
}  # fmt: skip


def fixed_words(parameters: Mapping[str, Any]) -> Content:
    """The mail that `what` names."""
    words = _WORDS[parameters["what"]]
    names = {name: one_line(text) for name, text in parameters.items() if isinstance(text, str)}
    names["name"] = names.get("by", "")
    return Content(
        say(words.subject, **names),
        tuple(say(paragraph, **names) for paragraph in words.paragraphs),
        say(words.button),
        tuple((say(_ROWS[name]), _shown(name, parameters[name])) for name in words.rows),
        tuple(map(say, words.notes)),
    )


def _shown(name: str, parameter: str | int | list[str]) -> str:
    if isinstance(parameter, int):
        return number(parameter)
    if isinstance(parameter, list):
        return ", ".join(map(one_line, parameter[:_MOST_NAMED]))
    return say(_LEVELS[parameter]) if name in {"level", "before"} else one_line(parameter)
