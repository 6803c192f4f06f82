"""Onboarding lists, shown on a role's first page: the purpose of the page, three tasks, and the shortcuts."""

from dataclasses import dataclass
from typing import Final

from serving.accounts.rules.access import Role
from serving.platform.tongues import N_


@dataclass(frozen=True, slots=True)
class Onboarding:
    """The onboarding list of a role; `place` is its first page."""

    role: Role
    place: str
    title: str
    about: str
    steps: tuple[str, str, str]
    keys: str


ONBOARDING: Final = (
    Onboarding(
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
    Onboarding(
        Role.BRAND,
        "/brand",
        N_("Your questions"),
        N_("These are listings that only you can authenticate. Each states why you are asked and by when."),
        (
            N_("Answer ‘Yes, ours’ or ‘No, counterfeit’, or choose another answer. You can undo it for three minutes."),
            N_(
                "A confirmed counterfeit is removed, at once or after an analyst agrees, as your standing says. The "
                "seller is told why and can answer."
            ),
            N_("Your standing shows the immediate effect of a confirmation and what would change it."),
        ),
        N_("Each answer has a shortcut, shown on its button."),
    ),
    Onboarding(
        Role.ACCOUNT_MANAGER,
        "/brands",
        "Your brands",
        "This page lists the brands you manage and the open items of each.",
        (
            "Start with overdue questions: remind the brand before they go to an analyst.",
            "Check brands with a warning on their standing, and tell them how to improve it.",
            "Review pending removals, which need approval by more than one person. Approve or withdraw them.",
        ),
        "J and K move in lists, ? lists all shortcuts.",
    ),
    Onboarding(
        Role.DATA_SCIENTIST,
        "/models",
        "Models",
        "This page shows the model in use, its candidate successors, and the evidence for and against them.",
        (
            "Check the gates: each shows its value, its bound, and whether it was judged.",
            "Retrain when new labels are available. Training runs in the background; its results appear here.",
            "Approve a candidate. Promotion needs two people; one person can roll it back.",
        ),
        "This page has no shortcuts. Every chart is also available as text.",
    ),
    Onboarding(
        Role.ADMIN,
        "/people",
        "Your marketplace",
        "You invite users, assign roles, and can switch off any rule that acts without a person.",
        (
            "Under Users, invite analysts and account managers. The invitation link appears once; send it yourself.",
            "Under Kill switches, review the automatic rules. Switching a rule off takes effect with the next request.",
            "Under Operations, check deliveries, jobs, mail and refused rows.",
        ),
        "This page has no shortcuts. The help page lists all shortcuts.",
    ),
)
ONBOARDING_OF: Final = {onboarding.role: onboarding for onboarding in ONBOARDING}
