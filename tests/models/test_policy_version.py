import dataclasses

from models.policies import version
from models.policies.deciding import DEFAULT_ROUTING, DEFAULT_SCORECARD, RoutingPolicy
from models.policies.version import policy_version


def test_the_version_tells_what_the_settings_are_and_not_which_object_has_them() -> None:
    again = dataclasses.replace(DEFAULT_ROUTING)
    assert again is not DEFAULT_ROUTING
    assert policy_version(again) == policy_version(DEFAULT_ROUTING)
    other = dataclasses.replace(DEFAULT_ROUTING, analyst_from_points=21.0)
    assert policy_version(other) != policy_version(DEFAULT_ROUTING)
    assert policy_version(DEFAULT_SCORECARD).startswith("ScorecardPolicy:")


def test_policies_that_come_and_go_never_share_a_version() -> None:
    """Another policy can stand where an earlier one stood in memory."""
    found = {policy_version(RoutingPolicy(analyst_from_points=float(n))) for n in range(version._MOST + 500)}
    assert len(found) == version._MOST + 500
    assert len(version._VERSIONS) <= version._MOST
