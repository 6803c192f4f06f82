"""What a role is told on its first page the first time: what the page is for, three things one does, the keys."""

from dataclasses import dataclass
from typing import Final

from serving.accounts.rules.access import Role
from serving.web.wording.i18n import N_


@dataclass(frozen=True, slots=True)
class Tour:
    """A short list for one role; `place` is its first page."""

    role: Role
    place: str
    title: str
    about: str
    steps: tuple[str, str, str]
    keys: str


TOURS: Final = (
    Tour(
        Role.ANALYST,
        "/queue",
        "Review queue",
        "The queue lists cases that need review, sorted by expected harm. Your decisions determine what happens to a "
        "listing and, later, train the model.",
        (
            "Open the first case. It is leased to you: nobody else can decide it meanwhile.",
            "Review the facts before the score. Select an underlined term to see its definition.",
            "Decide. The bar below the case shows the effect. You can undo the decision for three minutes.",
        ),
        "J and K move, Enter opens, C and G decide, Z undoes, ? lists all shortcuts.",
    ),
    Tour(
        Role.BRAND,
        "/brand",
        N_("Your questions"),
        N_("These are listings that only you can authenticate. Each states why you are asked and by when."),
        (
            N_(
                "Answer ‘Yes, ours’ or ‘No, counterfeit’, or say what else it is. You can take it back for three "
                "minutes."
            ),
            N_("A confirmed counterfeit leaves at once. The seller is told why and can answer."),
            N_("Your standing shows what a confirmation does at once, and what would change it."),
        ),
        N_("Each answer has a key, shown on its button."),
    ),
    Tour(
        Role.ACCOUNT_MANAGER,
        "/brands",
        "Your brands",
        "This page lists the brands that you manage, and the actions they need from you.",
        (
            "Start with overdue questions: remind the brand before they go to an analyst.",
            "Check standings with a warning, and tell the brand how to improve them.",
            "Removals under Held need the approval of more than one person. Record your decision there.",
        ),
        "J and K move in lists, ? lists all shortcuts.",
    ),
    Tour(
        Role.DATA_SCIENTIST,
        "/models",
        "Models",
        "This page compares the champion with the challenger, and shows whether the challenger passes its gates.",
        (
            "Check the gates. Each has a figure, a bound and a state: passed, failed or not judged.",
            "Retrain when there are new labels. The training runs in the background, and its result appears here.",
            "Approve the challenger. A promotion needs two people; a rollback needs one.",
        ),
        "This page has no keyboard shortcuts.",
    ),
    Tour(
        Role.ADMIN,
        "/people",
        "Your marketplace",
        "You invite users, assign roles, and control the kill switches of all automatic rules.",
        (
            "Invite your analysts and account managers under People. The link is shown only once; pass it on yourself.",
            "Check the automatic rules under Switches. Changes apply from the next request.",
            "See all settings and policy values in force under Help, and where to change them.",
        ),
        "This page has no keyboard shortcuts. The help page lists all shortcuts.",
    ),
)
TOUR_OF: Final = {one.role: one for one in TOURS}
