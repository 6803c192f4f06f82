import dataclasses
import re

import pytest

from models.policies.deciding import (
    DEFAULT_ENFORCEMENT,
    DEFAULT_ROUTING,
    DEFAULT_SCORECARD,
    RoutingPolicy,
    ScorecardPolicy,
)
from models.policies.learning import DEFAULT_LABELS, DEFAULT_SECOND_REVIEW, DEFAULT_WEIGHTING
from models.policies.version import policy_version
from serving.accounts.policy import DEFAULT_INVITATIONS, DEFAULT_RESET_LINKS
from serving.brands.policy import DEFAULT_ALIASES, DEFAULT_ENROLMENT
from serving.cases.policy import DEFAULT_ASSIGNMENT, DEFAULT_BULK_VERDICTS
from serving.standing.policy import DEFAULT_STANDING

POLICIES = [
    DEFAULT_ENFORCEMENT,
    DEFAULT_LABELS,
    DEFAULT_ROUTING,
    DEFAULT_SCORECARD,
    DEFAULT_SECOND_REVIEW,
    DEFAULT_STANDING,
    DEFAULT_ASSIGNMENT,
    DEFAULT_INVITATIONS,
    DEFAULT_RESET_LINKS,
    DEFAULT_ENROLMENT,
    DEFAULT_ALIASES,
    DEFAULT_BULK_VERDICTS,
    DEFAULT_WEIGHTING,
]


@pytest.mark.parametrize("policy", POLICIES, ids=[type(policy).__name__ for policy in POLICIES])
def test_a_version_is_the_policy_s_name_and_a_digest(policy: RoutingPolicy) -> None:
    assert re.fullmatch(rf"{type(policy).__name__}:[0-9a-f]{{16}}", policy_version(policy))


def test_equal_policies_have_one_version() -> None:
    assert policy_version(RoutingPolicy()) == policy_version(RoutingPolicy())


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(RoutingPolicy)])
def test_every_setting_decides_the_version(name: str) -> None:
    assert policy_version(dataclasses.replace(DEFAULT_ROUTING, **{name: 7})) != policy_version(DEFAULT_ROUTING)


def test_the_order_of_rules_decides_the_version() -> None:
    assert policy_version(ScorecardPolicy(rules=DEFAULT_SCORECARD.rules[::-1])) != policy_version(DEFAULT_SCORECARD)


def test_two_kinds_of_policy_with_equal_settings_are_two_versions() -> None:
    @dataclasses.dataclass(frozen=True)
    class OnePolicy:
        share: float = 0.1

    @dataclasses.dataclass(frozen=True)
    class OtherPolicy:
        share: float = 0.1

    assert policy_version(OnePolicy()) != policy_version(OtherPolicy())


def test_a_policy_cannot_be_changed_after_it_was_made() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        DEFAULT_ROUTING.audit_share = 1.0  # type: ignore[misc]
