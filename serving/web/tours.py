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
        "Your desk",
        "Here is what waits for a person, the costliest first. What you judge decides what happens to an "
        "offer and, later, what the model learns.",
        (
            "Open the first case. Nobody else can judge it while you have it.",
            "Look at the facts before the score. Words with a dotted line explain themselves.",
            "Answer. The bar below the case says what follows. For three minutes you can take it back.",
        ),
        "J and K move, Enter opens, C and G answer, Z takes back, ? lists all keys.",
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
        "Here are the brands that you look after, and where they keep somebody waiting.",
        (
            "Begin with questions that are overdue: remind the brand before they go to an analyst.",
            "Look at standings with a warning, and tell the brand what would change them.",
            "Under Held wait removals that more than one person's word should carry. Say what you think of them.",
        ),
        "J and K move in lists, ? lists all keys.",
    ),
    Tour(
        Role.DATA_SCIENTIST,
        "/models",
        "The model",
        "Here is what scores now, what could score next, and what speaks for and against it.",
        (
            "Read the gates: each has its figure, its bound, and whether it was judged at all.",
            "Retrain when there are new labels. It runs aside, and what it finds is shown here.",
            "Approve. Two people must, and either may roll back alone.",
        ),
        "There are no keys here; every figure can be read as text.",
    ),
    Tour(
        Role.ADMIN,
        "/people",
        "Your marketplace",
        "You ask people in, give them roles, and can switch off every rule that acts without a person.",
        (
            "Under People ask your analysts and account managers in. The link is shown once; pass it on yourself.",
            "Under Switches see what acts by itself. What you switch off holds from the next request on.",
            "Under Settings, reference, is every number in force, and where it is changed.",
        ),
        "There are no keys here; the list of all keys is on the help page.",
    ),
)
TOUR_OF: Final = {one.role: one for one in TOURS}
