import hashlib
import itertools
from collections.abc import Callable
from dataclasses import replace

import hypothesis.strategies as st
import pytest
from hypothesis import given

from features.message import Message, message
from models.errors import Conflict, Forbidden, Invalid
from serving.accounts.rules.access import Grant, Person, Role
from serving.accounts.rules.second_person import Roots
from serving.takedowns.rules.approval import (
    ADMINISTRATION,
    PROGRAMME,
    REVIEW_TEAM,
    ApprovalParties,
    Decision,
    Vote,
    agreed_decision,
    check_vote,
    excluded_approvers,
    organisation_of,
    useful_approvers,
)
from serving.takedowns.rules.bursts import BURSTS, PendingCause
from serving.takedowns.rules.evidence import Part, Snapshot, StoredPart, canonical_json, differences, snapshot_of
from tests.fixtures.hosts import roots_with
from tests.fixtures.strategies import PROPERTY

HERE, OURS, THEIRS = "mkt_a", "brn_aurelle", "brn_solenne"
BURST = ApprovalParties(HERE, OURS, "usr_lena", frozenset({"usr_camille"}), OURS, frozenset({PendingCause.USER_BURST}))
LARGE = replace(BURST, causes=frozenset({PendingCause.HIGH_IMPACT}))
OFF = replace(BURST, causes=frozenset({PendingCause.SWITCHED_OFF}))
BUSY = replace(BURST, causes=frozenset({PendingCause.MARKETPLACE_DAY}))
BY_REVIEW_TEAM = replace(LARGE, confirmed_by=frozenset({"usr_ines"}), confirmer=REVIEW_TEAM)
CHOSEN = replace(BY_REVIEW_TEAM, causes=frozenset({PendingCause.CHOSEN, PendingCause.FIRST_DAY}))
R, W = Decision.APPROVE, Decision.WITHDRAW


def person(user_id: str, *grants: Grant) -> Person:
    return Person(user_id, user_id, f"{user_id}@example", grants)


SPEAKS: list[tuple[Person, str | None, str]] = [
    (person("usr_tomas", Grant(Role.ANALYST, HERE)), REVIEW_TEAM, "an analyst of the marketplace"),
    (person("usr_tomas", Grant(Role.ANALYST, "mkt_b")), None, "an analyst of another marketplace"),
    (person("usr_lena", Grant(Role.ACCOUNT_MANAGER, HERE)), PROGRAMME, "the brand's account manager"),
    (person("usr_marc", Grant(Role.ACCOUNT_MANAGER, HERE)), None, "another brand's account manager"),
    (person("usr_lena", Grant(Role.ACCOUNT_MANAGER, "mkt_b")), None, "an account manager elsewhere"),
    (person("usr_jo", Grant(Role.BRAND, HERE, OURS)), OURS, "a colleague of the brand"),
    (person("usr_jo", Grant(Role.BRAND, HERE, THEIRS)), None, "another brand's person"),
    (person("usr_jo", Grant(Role.BRAND, "mkt_b", OURS)), None, "the brand's person for another marketplace"),
    (person("usr_wei", Grant(Role.DATA_SCIENTIST, HERE)), None, "a data scientist has no vote"),
    (person("usr_ada", Grant(Role.ADMIN, HERE)), None, "nor has an administrator"),
    (person("usr_none"), None, "nor a person without a role"),
    (
        person("usr_lena", Grant(Role.ACCOUNT_MANAGER, HERE), Grant(Role.ANALYST, HERE)),
        REVIEW_TEAM,
        "one person with two roles has one vote, the review team's",
    ),
    (
        person("usr_lena", Grant(Role.BRAND, HERE, OURS), Grant(Role.ACCOUNT_MANAGER, HERE)),
        PROGRAMME,
        "and account management's before the brand's",
    ),
]


@pytest.mark.parametrize(("who", "expected", "why"), SPEAKS)
def test_the_organisation_of_a_vote_is(who: Person, expected: str | None, why: str) -> None:
    assert organisation_of(who, BURST) == expected, why


def test_an_administrator_votes_on_what_an_analyst_confirmed() -> None:
    ada = person("usr_ada", Grant(Role.ADMIN, HERE))
    assert organisation_of(ada, CHOSEN) == ADMINISTRATION
    assert organisation_of(replace(ada, grants=(Grant(Role.ADMIN, "mkt_b"),)), CHOSEN) is None


def test_above_the_day_of_the_marketplace_its_administrators_vote() -> None:
    assert organisation_of(person("usr_ada", Grant(Role.ADMIN, HERE)), BUSY) == ADMINISTRATION
    assert organisation_of(person("usr_ada", Grant(Role.ADMIN, "mkt_b")), BUSY) is None
    both = person("usr_ada", Grant(Role.ANALYST, HERE), Grant(Role.ADMIN, HERE))
    assert organisation_of(both, BUSY) == ADMINISTRATION


def test_without_a_brand_any_account_manager_of_the_marketplace_votes_for_the_programme() -> None:
    unknown = replace(BURST, brand_id=None, account_manager_id=None)
    assert organisation_of(person("usr_marc", Grant(Role.ACCOUNT_MANAGER, HERE)), unknown) == PROGRAMME
    assert organisation_of(person("usr_jo", Grant(Role.BRAND, HERE, OURS)), unknown) is None


def say(user_id: str, organisation: str, decision: Decision = R) -> Vote:
    return Vote(user_id, organisation, decision, "looked at")


INES, TOMAS, LENA, JO = (
    say("usr_ines", REVIEW_TEAM),
    say("usr_tomas", REVIEW_TEAM),
    say("usr_lena", PROGRAMME),
    say("usr_jo", OURS),
)
ADA = say("usr_ada", ADMINISTRATION)
ROOTS = roots_with("usr_ines usr_tomas usr_lena usr_jo usr_camille usr_ada")
SETTLED: list[tuple[ApprovalParties, list[Vote], Decision | None, str]] = [
    (BURST, [], None, "nobody has voted"),
    (BURST, [INES], None, "the review team alone"),
    (BURST, [INES, TOMAS], None, "two people of one organisation"),
    (BURST, [INES, LENA], R, "the review team and account management"),
    (BURST, [LENA, INES], R, "in either order"),
    (BURST, [INES, JO], R, "the review team and a colleague of the brand"),
    (BURST, [LENA, JO], None, "two organisations, but nobody of the review team"),
    (BURST, [INES, say("usr_camille", OURS)], None, "the confirmer does not count"),
    (BURST, [INES, say("usr_lena", PROGRAMME, W)], None, "they disagree"),
    (BURST, [INES, say("usr_lena", PROGRAMME, W), LENA], R, "the later vote counts"),
    (BURST, [INES, LENA, say("usr_lena", PROGRAMME, W)], None, "also where it withdraws an approval"),
    (BURST, [say("usr_ines", REVIEW_TEAM, W), say("usr_lena", PROGRAMME, W)], W, "two withdraw it"),
    (BURST, [say("usr_ines", REVIEW_TEAM, W)], None, "one alone does not"),
    (LARGE, [], None, "the confirmer alone"),
    (LARGE, [INES], R, "the review team is the second organisation"),
    (LARGE, [LENA], R, "so is account management"),
    (LARGE, [JO], None, "a colleague of the confirmer is not"),
    (LARGE, [say("usr_ines", REVIEW_TEAM, W)], W, "the second organisation withdraws it"),
    (BY_REVIEW_TEAM, [TOMAS], None, "an analyst confirmed, and another analyst is of the same organisation"),
    (BY_REVIEW_TEAM, [JO], R, "the brand is"),
    (replace(LARGE, confirmed_by=frozenset()), [INES], None, "every confirmation was undone"),
    (replace(LARGE, confirmed_by=frozenset()), [INES, LENA], R, "then two organisations are needed"),
    (
        replace(LARGE, confirmed_by=frozenset({"usr_camille", "usr_ines"})),
        [say("usr_ines", REVIEW_TEAM, W)],
        None,
        "a withdrawal by a person who confirmed it since",
    ),
    (CHOSEN, [], None, "the analyst who chose it alone"),
    (CHOSEN, [say("usr_ines", REVIEW_TEAM)], None, "nor by their own vote"),
    (CHOSEN, [TOMAS], R, "another analyst is the second person"),
    (replace(CHOSEN, causes=CHOSEN.causes | LARGE.causes), [TOMAS], None, "a large shop still needs an organisation"),
    (replace(CHOSEN, confirmer=OURS), [JO], None, "a brand's colleague is none where the brand confirmed"),
    (replace(CHOSEN, confirmed_by=frozenset()), [TOMAS], None, "nobody stands behind it any more"),
    (BUSY, [INES, LENA], None, "above the marketplace's day no administrator has voted"),
    (BUSY, [ADA], R, "an administrator is enough"),
    (BUSY, [say("usr_ada", ADMINISTRATION, W)], W, "and enough to withdraw it"),
    (replace(BUSY, causes=BUSY.causes | BURST.causes), [ADA], None, "after a burst an analyst is needed too"),
    (replace(BUSY, causes=BUSY.causes | BURST.causes), [ADA, INES], R, "the two are enough"),
    (OFF, [INES], R, "switched off: one approval is enough"),
    (replace(BURST, causes=LARGE.causes | BURST.causes), [LENA], None, "of two causes the stricter decides"),
]


@pytest.mark.parametrize(("bearing", "votes", "expected", "why"), SETTLED)
def test_a_pending_removal_is_settled(
    bearing: ApprovalParties, votes: list[Vote], expected: Decision | None, why: str
) -> None:
    assert agreed_decision(votes, bearing, ROOTS) is expected, why


INVITED: list[tuple[ApprovalParties, list[Vote], dict[str, str], Decision | None, str]] = [
    (BURST, [INES, LENA], {"usr_lena": "usr_ines"}, None, "the review team invited the account manager"),
    (
        BURST,
        [INES, JO],
        {"usr_jo": "usr_x", "usr_x": "usr_ines"},
        None,
        "the review team invited the brand's user through another",
    ),
    (BURST, [INES, TOMAS, LENA], {"usr_lena": "usr_ines"}, R, "a colleague of the inviter agrees too"),
    (BURST, [INES, LENA], {"usr_ines": "usr_ada", "usr_lena": "usr_ada"}, None, "both invited by a silent third"),
    (BURST, [INES, JO], {"usr_jo": "usr_camille"}, None, "the confirmer's guest is no other organisation"),
    (BURST, [INES, JO], {"usr_jo": "usr_ada", "usr_camille": "usr_ada"}, None, "nor is a guest of their host"),
    (BURST, [INES, LENA], {"usr_jo": "usr_camille"}, R, "guests who say nothing change nothing"),
    (LARGE, [INES], {"usr_ines": "usr_ada", "usr_camille": "usr_ada"}, None, "second person and confirmer of one host"),
    (BURST, [INES, LENA], {"usr_camille": "usr_ines"}, None, "an approver invited the confirmer"),
    (LARGE, [INES], {"usr_camille": "usr_ines"}, None, "the second person invited the confirmer"),
    (LARGE, [INES], {"usr_ines": "usr_camille"}, None, "the confirmer invited the second person"),
    (LARGE, [INES, LENA], {"usr_ines": "usr_camille"}, R, "one who is not the confirmer's guest is enough"),
    (LARGE, [INES, TOMAS], {"usr_ines": "usr_camille"}, R, "so is one of two analysts"),
    (LARGE, [say("usr_ines", REVIEW_TEAM, W)], {"usr_camille": "usr_ines"}, W, "the confirmer's inviter withdraws it"),
    (
        BURST,
        [replace(INES, decision=W), replace(LENA, decision=W)],
        {"usr_lena": "usr_ines"},
        W,
        "for a withdrawal both count",
    ),
]


@pytest.mark.parametrize(("bearing", "votes", "invited_by", "expected", "why"), INVITED)
def test_accounts_of_one_person_do_not_approve_as_two(
    bearing: ApprovalParties, votes: list[Vote], invited_by: dict[str, str], expected: Decision | None, why: str
) -> None:
    assert agreed_decision(votes, bearing, with_guests(invited_by)) is expected, why


def with_guests(hosts: dict[str, str]) -> Roots:
    return roots_with("usr_ines usr_tomas usr_lena usr_jo usr_camille", hosts)


def test_approvals_that_do_not_count_have_a_reason() -> None:
    why = message("approval.same_person")
    assert excluded_approvers([INES, LENA], BURST, with_guests({"usr_lena": "usr_ines"})) == {"usr_lena": why}
    assert excluded_approvers([LENA, INES], BURST, with_guests({"usr_lena": "usr_ines"})) == {"usr_ines": why}
    assert excluded_approvers([INES], LARGE, with_guests({"usr_ines": "usr_camille"})) == {"usr_ines": why}
    assert excluded_approvers([INES, say("usr_lena", PROGRAMME, W)], BURST, with_guests({"usr_lena": "usr_ines"})) == {}
    assert excluded_approvers([], LARGE, with_guests({"usr_camille": "usr_x"})) == {}


@pytest.mark.parametrize(
    "hosts", [{"usr_camille": "usr_ines"}, {"usr_ines": "usr_camille"}, {"usr_ines": "x", "usr_camille": "x"}]
)
def test_an_account_that_counts_as_a_confirmers_can_only_withdraw_the_removal(hosts: dict[str, str]) -> None:
    ines, roots = person("usr_ines", Grant(Role.ANALYST, HERE)), with_guests(hosts)
    against = replace(INES, decision=W)
    check_vote(ines, BURST, [], against, roots)
    for votes in ([], [against]):
        with pytest.raises(Forbidden, match="count as one person"):
            check_vote(ines, BURST, votes, INES, roots)


VOTING = {"usr_ines": REVIEW_TEAM, "usr_tomas": REVIEW_TEAM, "usr_lena": PROGRAMME, "usr_jo": OURS, "usr_camille": OURS}
ABLE: list[tuple[ApprovalParties, list[Vote], dict[str, str], set[str], str]] = [
    (BURST, [], {}, {"usr_ines", "usr_tomas", "usr_lena", "usr_jo"}, "before the first vote, all who have a partner"),
    (BURST, [INES], {}, {"usr_lena", "usr_jo"}, "then another organisation"),
    (BURST, [LENA], {}, {"usr_ines", "usr_tomas"}, "then the review team"),
    (BURST, [INES], {"usr_lena": "usr_ines"}, {"usr_jo"}, "not a guest of the approver"),
    (BURST, [INES], {"usr_lena": "usr_ines", "usr_jo": "usr_camille"}, {"usr_tomas", "usr_lena"}, "or a new pair"),
    (BURST, [INES], {"usr_ines": "usr_camille"}, {"usr_tomas", "usr_lena", "usr_jo"}, "an approval that is left out"),
    (BURST, [], {"usr_ines": "x", "usr_tomas": "x", "usr_lena": "x", "usr_jo": "x"}, set(), "all are one person's"),
    (LARGE, [], {}, {"usr_ines", "usr_tomas", "usr_lena"}, "one of another organisation is enough"),
    (LARGE, [], {"usr_ines": "usr_camille"}, {"usr_tomas", "usr_lena"}, "and not the confirmer's guest"),
    (BY_REVIEW_TEAM, [], {}, {"usr_lena", "usr_jo", "usr_camille"}, "an analyst confirmed"),
]


@pytest.mark.parametrize(("bearing", "votes", "hosts", "expected", "why"), ABLE)
def test_who_can_approve_now(
    bearing: ApprovalParties, votes: list[Vote], hosts: dict[str, str], expected: set[str], why: str
) -> None:
    assert useful_approvers(votes, bearing, VOTING, with_guests(hosts)) == expected, why


@pytest.mark.parametrize("cause", sorted(BURSTS))
def test_no_single_person_settles_a_removal_after_a_burst(cause: PendingCause) -> None:
    bearing = replace(BURST, causes=frozenset({cause}))
    votes = [replace(vote, decision=decision) for vote in (INES, TOMAS, LENA, JO) for decision in Decision]
    for first, second in itertools.product(votes, repeat=2):
        if first.user_id == second.user_id:
            assert agreed_decision([first, second], bearing, ROOTS) is None


def test_a_confirmer_has_no_vote() -> None:
    camille = person("usr_camille", Grant(Role.BRAND, HERE, OURS))
    with pytest.raises(Forbidden, match="You confirmed this removal"):
        check_vote(camille, BURST, [], say("usr_camille", OURS), ROOTS)


def test_an_administrator_without_a_role_in_a_removal_has_no_vote() -> None:
    ada = person("usr_ada", Grant(Role.ADMIN, HERE))
    with pytest.raises(Forbidden, match="have no vote on it"):
        check_vote(ada, BURST, [], say("usr_ada", ADMINISTRATION), ROOTS)


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_a_vote_needs_a_reason(reason: str) -> None:
    ines = person("usr_ines", Grant(Role.ANALYST, HERE))
    with pytest.raises(Invalid, match="Give a reason"):
        check_vote(ines, BURST, [], replace(INES, reason=reason), ROOTS)


def test_a_vote_is_not_repeated_but_can_be_changed() -> None:
    ines = person("usr_ines", Grant(Role.ANALYST, HERE))
    with pytest.raises(Conflict, match="You have already voted this way"):
        check_vote(ines, BURST, [INES], INES, ROOTS)
    check_vote(ines, BURST, [INES], replace(INES, decision=W), ROOTS)
    check_vote(ines, BURST, [INES, replace(INES, decision=W)], INES, ROOTS)


# A snapshot matches the taken one, or the differences are reported.

HEADER = {"evidence_id": "evd_1", "version": 3}
BODIES = {part: f"the {part.value}".encode() for part in Part}
SALTS = {part: bytes([number]) * 16 for number, part in enumerate(Part)}


def a_snapshot() -> Snapshot:
    return snapshot_of(HEADER, BODIES, SALTS)


def with_part(snapshot: Snapshot, part: Part, **changes: object) -> Snapshot:
    parts = tuple(replace(piece, **changes) if piece.part is part else piece for piece in snapshot.parts)  # type: ignore[arg-type]  # by name
    return replace(snapshot, parts=parts)


def differences_of(snapshot: Snapshot) -> tuple[Message, ...]:
    return differences(snapshot, vouched=a_snapshot().digest)


def test_an_unchanged_snapshot_has_no_differences() -> None:
    assert differences_of(a_snapshot()) == ()


def test_the_digests_match_an_independent_implementation() -> None:
    taken = a_snapshot()
    digests = {}
    for part in taken.parts:
        salt = SALTS[part.part]
        text = b"touchstone.evidence.part.v1\0" + part.part.value.encode() + b"\0\x10" + salt + BODIES[part.part]
        digests[part.part.value] = hashlib.sha256(text).hexdigest()
        assert part.digest == digests[part.part.value]
    whole = b"touchstone.evidence.snapshot.v1\0" + canonical_json({"header": HEADER, "parts": digests})
    assert taken.digest == hashlib.sha256(whole).hexdigest()


@pytest.mark.parametrize("part", Part)
def test_an_erased_part_is_no_difference(part: Part) -> None:
    assert differences_of(with_part(a_snapshot(), part, salt=None, body=None)) == ()


TAMPERED: list[tuple[Callable[[Snapshot], Snapshot], Message, str]] = [
    (lambda copy: with_part(copy, Part.PRICE, body=b"9.00"), message("evidence.altered", part="price"), "body changed"),
    (lambda copy: with_part(copy, Part.TEXT, salt="ff" * 16), message("evidence.altered", part="text"), "salt changed"),
    (lambda copy: with_part(copy, Part.PAGE, salt=None), message("evidence.altered", part="page"), "salt alone erased"),
    (lambda copy: with_part(copy, Part.SELLER, digest="0" * 64), message("evidence.altered", part="seller"), "digest"),
    (
        lambda copy: with_part(copy, Part.PAGE, digest="0" * 64, salt=None, body=None),
        message("evidence.header"),
        "digest of an erased part changed",
    ),
    (lambda copy: replace(copy, parts=copy.parts[1:]), message("evidence.missing", part="text"), "part removed"),
    (lambda copy: replace(copy, header={**HEADER, "version": 2}), message("evidence.header"), "header changed"),
    (
        lambda _: snapshot_of(HEADER, {**BODIES, Part.TEXT: b"another"}, SALTS),
        message("evidence.other_digest"),
        "all hashed again",
    ),
]


@pytest.mark.parametrize(("tamper", "difference", "what"), TAMPERED, ids=[row[-1] for row in TAMPERED])
def test_an_alteration_is_reported(tamper: Callable[[Snapshot], Snapshot], difference: Message, what: str) -> None:
    assert difference in differences_of(tamper(a_snapshot())), what


def test_a_snapshot_without_an_audit_entry_is_reported() -> None:
    assert differences(a_snapshot(), vouched=None) == (message("evidence.unrecorded"),)


def test_equal_bodies_under_other_salts_have_other_digests() -> None:
    """An erased price cannot be found by hashing every price."""
    other = snapshot_of(HEADER, BODIES, dict.fromkeys(Part, b"\xff" * 16))
    assert all(part.digest != another.digest for part, another in zip(a_snapshot().parts, other.parts, strict=True))


def test_equal_bodies_of_two_parts_have_other_digests() -> None:
    same: dict[Part, bytes] = dict.fromkeys(Part, b"null")
    assert len({part.digest for part in snapshot_of(HEADER, same, dict.fromkeys(Part, b"\0" * 16)).parts}) == len(Part)


@PROPERTY
@given(st.sampled_from(Part), st.data())
def test_any_flipped_byte_of_any_body_is_found(part: Part, draws: st.DataObject) -> None:
    body = bytearray(BODIES[part])
    body[draws.draw(st.integers(0, len(body) - 1))] ^= draws.draw(st.integers(1, 255))
    assert differences_of(with_part(a_snapshot(), part, body=bytes(body))) == (
        message("evidence.altered", part=part.value),
    )


def test_a_kept_part_knows_its_salt_as_text() -> None:
    assert a_snapshot().parts[1] == StoredPart(Part.PRICE, a_snapshot().parts[1].digest, "01" * 16, b"the price")
