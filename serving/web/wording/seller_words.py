"""Texts about a removal for its seller, in every state of the answer; marked here and translated when shown."""

from collections.abc import Mapping
from typing import Any, Final

from features.message import Message
from serving.appeals.policy import Silence
from serving.appeals.rules.counter_notice import CounterNoticeEvent, CounterNoticeState
from serving.platform.languages import ENGLISH
from serving.platform.tongues import N_, NN_, current_tongue, say
from serving.web.wording.translated import in_words

_S: Final = CounterNoticeState
_E: Final = CounterNoticeEvent

FIELDS: Final = (
    ("decision", N_("Decision")), ("territory", N_("Territorial scope")), ("duration", N_("Duration")),
    ("ground", N_("Ground")), ("right", N_("Mark and owner")), ("legal_ground", N_("Legal or contractual ground")),
    ("facts", N_("Facts")), ("source", N_("Source of the case")), ("automated_means", N_("Automated means")),
    ("redress", N_("Your options")),
)  # fmt: skip


def statement_rows(statement: Mapping[str, Any], messages: Mapping[str, Message]) -> tuple[tuple[str, str], ...]:
    """The fields of a statement by their labels: as sent in English, translated from its messages otherwise."""
    translated = {} if current_tongue().language == ENGLISH else messages
    return tuple(
        (say(label), in_words(translated[name]) if name in translated else str(statement[name]))
        for name, label in FIELDS
        if statement.get(name)
    )


ACCOUNT: Final = N_("Your account")
HEADLINES: Final = {
    None: N_("Your listing is being removed"),
    _S.WITH_SELLER: N_("Your listing was removed"),
    _S.WITH_RIGHTS_HOLDER: N_("The rights holder is reviewing your answer"),
    _S.WITH_REVIEWER: N_("An independent reviewer is deciding"),
    _S.WITH_COURT: N_("The rights holder has gone to court"),
    _S.UPHELD: N_("The removal is undone"),
    _S.DISMISSED: N_("The removal stands"),
    _S.LAPSED: N_("The time to answer has passed"),
    _S.WITHDRAWN: N_("You withdrew your answer"),
}
MAINTAINED: Final = N_("The rights holder maintains the removal")
STATES: Final = {
    None: N_("You can answer here as soon as the marketplace has removed the listing."),
    _S.WITH_SELLER: N_(
        "If you think that this is wrong, answer below. The rights holder or a marketplace reviewer must review "
        "your answer."
    ),
    _S.WITH_RIGHTS_HOLDER: N_("The rights holder reads your answer and maintains the removal or concedes."),
    _S.WITH_REVIEWER: N_("No action is needed. The marketplace tells you the decision, and it appears here."),
    _S.WITH_COURT: N_("The listing stays removed until the matter is decided there."),
    _S.UPHELD: N_("Your listing is reinstated, and the removal does not count against you."),
    _S.DISMISSED: N_(
        "A person who did not make the original decision has reviewed it. You can still turn to a dispute "
        "settlement body or a court."
    ),
    _S.LAPSED: N_("The removal stands."),
    _S.WITHDRAWN: N_("The removal stands."),
}
AFTER_MAINTAINING: Final = N_(
    "The rights holder has read your answer. Its reasons are below. You can answer again, or appeal to a "
    "marketplace reviewer who did not make the original decision."
)
ANSWER_BY: Final = N_("Answer by")
RIGHTS_HOLDER_BY: Final = N_("The rights holder must answer by")
SILENT_SELLER: Final = {
    Silence.REMOVAL_STANDS: N_("Without an answer by then, the removal stands; you can still appeal."),
    Silence.REVIEWED: N_("Without an answer by then, a marketplace reviewer decides."),
    Silence.REINSTATED: N_("Without an answer by then, the listing is reinstated."),
}
SILENT_RIGHTS_HOLDER: Final = {
    Silence.REMOVAL_STANDS: N_("If it does not answer by then, the removal stands."),
    Silence.REVIEWED: N_("If it does not answer by then, a marketplace reviewer decides."),
    Silence.REINSTATED: N_("If it does not answer by then, your listing is reinstated."),
}
TOLD: Final = N_("The marketplace removed the listing and told you.")
HANDED_IN: Final = N_("You submitted a document.")
HAPPENED: Final = {
    _E.SUBMIT: N_("You answered."),
    _E.WITHDRAW: N_("You withdrew your answer."),
    _E.CONCEDE: N_("The rights holder conceded."),
    _E.MAINTAIN: N_("The rights holder maintains the removal."),
    _E.GO_TO_COURT: N_("The rights holder has gone to court."),
    _E.APPEAL: N_("You appealed."),
    _E.UPHOLD: N_("An independent reviewer decided in your favour."),
    _E.DISMISS: N_("An independent reviewer upheld the removal."),
    _E.REOPEN: N_("The decision was withdrawn and is being reconsidered."),
    _E.PASS_DEADLINE: N_("The time to answer passed."),
}
ASKS_RIGHTS_HOLDER: Final = {
    True: NN_(
        "If you answer, the rights holder has %(n)s business day to reply.",
        "If you answer, the rights holder has %(n)s business days to reply.",
    ),
    False: NN_(
        "If you answer, the rights holder has %(n)s day to reply.",
        "If you answer, the rights holder has %(n)s days to reply.",
    ),
}
ASKS_A_PERSON: Final = N_("If you answer, a marketplace reviewer who did not make the original decision reads it.")
SILENCE_THEN: Final = {
    Silence.REMOVAL_STANDS: N_("If it does not reply, the removal stands."),
    Silence.REVIEWED: N_("If it does not reply, a marketplace reviewer decides."),
    Silence.REINSTATED: N_("If it does not reply, your listing is reinstated."),
}
NEEDS_COURT: Final = N_("The removal continues only if the rights holder goes to court.")
THEN_AGAIN: Final = N_("If it maintains the removal, you can answer again.")
THEN_A_PERSON: Final = N_("If it maintains the removal, a person who did not make the original decision decides.")
IF_RIGHT: Final = N_("If your answer is upheld, the listing is reinstated and the removal does not count against you.")
