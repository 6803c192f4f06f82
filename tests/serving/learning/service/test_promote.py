"""Two people promote a champion, and it is rolled back; the audit log records each step."""

import json
import threading
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, update

from models.errors import Conflict, Forbidden, Invalid, NotFound
from serving.accounts.rules.access import Role
from serving.accounts.store import people
from serving.accounts.tables import account, role_grant
from serving.audit.service.verification import verify
from serving.audit.tables import audit_entry, audit_payload
from serving.learning.policy import PromotionPolicy
from serving.learning.service.promote import ApprovalResult, approve, rollback, withdraw_approval
from serving.learning.store import approvals, learning
from serving.learning.tables import model
from serving.mail.rules.kinds import MailKind
from serving.mail.tables import mail
from serving.scoring.service.bundles import LiveModels
from tests.fixtures.guests import an_invited_user
from tests.fixtures.promoting import first_approval, promote, roll_back, second_approval
from tests.fixtures.runtimes import Site
from tests.serving.web.reports import a_report, admit_model, put_champion_in_force


def champion_of(site: Site) -> str | None:
    return site.read(learning.champions).get(site.marketplace_id)


def fail_a_gate(site: Site, digest: str) -> None:
    site.execute(update(model).where(model.c.digest == digest).values(report=a_report(failing=True)))


def entries(site: Site, subject: str) -> list[tuple[str, str, dict[str, Any]]]:
    """(act, actor, payload) of the log's entries about a model."""
    query = (
        select(audit_entry.c.act, audit_entry.c.actor, audit_payload.c.payload)
        .join(audit_payload, audit_payload.c.sequence == audit_entry.c.sequence)
        .where(audit_entry.c.subject == subject)
        .order_by(audit_entry.c.sequence)
    )
    acts = [(row.act, row.actor, json.loads(row.payload)) for row in site.rows(query)]
    for _, _, payload in acts:
        row_id = payload.pop("approval", None) or payload.pop("promotion", None)
        assert row_id or not payload, "an entry names the row that it speaks of"
    return acts


def approval_actors(site: Site) -> tuple[str, str]:
    return f"user:{site.data_scientist.user_id}", f"user:{site.second_scientist.user_id}"


def test_one_approval_puts_nothing_in_force(any_site: Site) -> None:
    outcome = first_approval(any_site, admit_model(any_site))
    assert (outcome.in_force, outcome.status.missing, champion_of(any_site)) == (False, 1, None)
    assert any_site.runtime.services[LiveModels].of(any_site.marketplace_id) is None


def test_the_second_of_another_person_does(any_site: Site) -> None:
    digest = admit_model(any_site)
    first_approval(any_site, digest)
    assert (second_approval(any_site, digest).in_force, champion_of(any_site)) == (True, digest)
    live = any_site.runtime.services[LiveModels].of(any_site.marketplace_id)
    assert live is not None
    assert live.digest == digest


def test_the_same_person_is_refused_the_second_time(site: Site) -> None:
    digest = admit_model(site)
    first_approval(site, digest)
    with pytest.raises(Conflict, match="You have approved this model already"):
        first_approval(site, digest)
    assert champion_of(site) is None


@pytest.mark.both_engines
def test_two_people_who_approve_at_the_same_moment_put_it_in_force(any_site: Site) -> None:
    """Otherwise each would see one approval, and the model would wait for a third person."""
    digest = admit_model(any_site)
    outcomes: list[ApprovalResult] = []
    barrier = threading.Barrier(2)

    def press(who: str) -> None:
        barrier.wait()
        outcomes.append(approve(any_site.runtime, any_site.marketplace, digest=digest, by=who))

    threads = [threading.Thread(target=press, args=[who]) for who in approval_actors(any_site)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcome.in_force for outcome in outcomes) == [False, True]
    assert champion_of(any_site) == digest


def test_a_withdrawn_approval_does_not_count(any_site: Site) -> None:
    digest = admit_model(any_site)
    first_approval(any_site, digest)
    withdraw_approval(any_site.runtime, any_site.marketplace, digest=digest, by=approval_actors(any_site)[0])
    assert second_approval(any_site, digest).status.missing == 1
    assert first_approval(any_site, digest).in_force
    with pytest.raises(Conflict, match="or it is in force already"):
        withdraw_approval(any_site.runtime, any_site.marketplace, digest=digest, by=approval_actors(any_site)[0])


def test_nobody_withdraws_the_approval_of_somebody_else(site: Site) -> None:
    digest = admit_model(site)
    first_approval(site, digest)
    with pytest.raises(Conflict, match="You have not approved this model"):
        withdraw_approval(site.runtime, site.marketplace, digest=digest, by=approval_actors(site)[1])
    assert second_approval(site, digest).in_force


def admit_another(site: Site, *, analyst_from: float = 0.002) -> str:
    """A model that is a minute younger and differs in a threshold."""
    site.clock.forward(minutes=1)
    return admit_model(site, analyst_from=analyst_from)


def test_approvals_given_beside_another_champion_no_longer_count(site: Site) -> None:
    put_champion_in_force(site)
    second, third = admit_another(site), admit_another(site, analyst_from=0.003)
    first_approval(site, second)
    promote(site, third)
    assert second_approval(site, second).status.missing == 1
    assert champion_of(site) == third


def test_approvals_are_spent_by_the_promotion_that_they_made(site: Site) -> None:
    first = put_champion_in_force(site)
    site.clock.forward(minutes=1)
    second = admit_another(site)
    promote(site, second)
    site.clock.forward(minutes=1)
    assert roll_back(site) == first == champion_of(site)
    assert first_approval(site, second).status.missing == 1


def test_who_may_promote_no_more_has_no_say(site: Site) -> None:
    digest = admit_model(site)
    first_approval(site, digest)
    site.execute(update(role_grant).where(role_grant.c.user_id == site.data_scientist.user_id).values(role="analyst"))
    assert second_approval(site, digest).status.missing == 1


def test_whose_account_is_disabled_has_no_say(site: Site) -> None:
    digest = admit_model(site)
    first_approval(site, digest)
    with site.runtime.store.write() as connection:
        gone = account.c.user_id == site.data_scientist.user_id
        connection.execute(update(account).where(gone).values(disabled_at=site.clock.now()))
    assert second_approval(site, digest).status.missing == 1


def test_past_a_failed_gate_both_give_a_reason(site: Site) -> None:
    digest = admit_model(site)
    fail_a_gate(site, digest)
    with pytest.raises(Invalid, match="Not passed: calibration"):
        first_approval(site, digest, "")
    first_approval(site, digest, "The new season changed prices.")
    with pytest.raises(Invalid, match="Not passed: calibration"):
        second_approval(site, digest, " ")
    assert champion_of(site) is None
    assert second_approval(site, digest, "Seen on the random slice too.").in_force
    with site.runtime.store.read() as connection:
        (promotion,) = learning.promotions(connection, site.marketplace_id)
        assert [
            approval.by
            for approval in approvals.used_by_promotion(connection, site.marketplace_id)[promotion.promotion_id]
        ] == list(approval_actors(site))
    assert promotion.note == "The new season changed prices. / Seen on the random slice too."


def test_an_approval_without_a_reason_counts_no_more_once_a_gate_is_not_passed(site: Site) -> None:
    digest = admit_model(site)
    first_approval(site, digest, "")
    fail_a_gate(site, digest)
    assert second_approval(site, digest, "Seen on the random slice too.").status.missing == 1


def test_both_reasons_and_the_gate_with_figure_and_bound_are_in_the_audit_log(site: Site) -> None:
    digest = admit_model(site)
    fail_a_gate(site, digest)
    first_approval(site, digest, "a")
    second_approval(site, digest, "b")
    wei, mara = approval_actors(site)
    failed = [{"name": "calibration", "figure": 0.2, "bound": 0.049}]
    assert entries(site, digest) == [
        ("model.approve", wei, {"reason": "a", "beside": None, "not_passed": failed}),
        ("model.approve", mara, {"reason": "b", "beside": None, "not_passed": failed}),
        (
            "model.promote",
            mara,
            {"reason": "a / b", "before": None, "approved_by": {wei: "a", mara: "b"}, "not_passed": failed},
        ),
    ]


def test_a_refused_approval_leaves_no_entry(site: Site) -> None:
    digest = admit_model(site)
    first_approval(site, digest)
    with pytest.raises(Conflict):
        first_approval(site, digest)
    assert len(entries(site, digest)) == 1


def test_one_person_rolls_back(site: Site) -> None:
    site.clock.forward(days=30)
    first = put_champion_in_force(site)
    promote(site, admit_another(site))
    site.clock.forward(days=30)
    done = rollback(site.runtime, site.marketplace, by=approval_actors(site)[0], reason="It asks too much.")
    assert (done.in_force, champion_of(site)) == (True, first)
    assert entries(site, first)[-1][:2] == ("model.rollback", approval_actors(site)[0])
    with site.runtime.store.read() as connection:
        mails = connection.execute(select(mail).where(mail.c.kind == MailKind.MODEL_ROLLBACK.value)).all()
        everybody = [
            people.with_role(connection, site.marketplace_id, role) for role in (Role.DATA_SCIENTIST, Role.ADMIN)
        ]
    assert sorted(mail_row.user_id for mail_row in mails) == sorted({*everybody[0], *everybody[1]})
    assert mails[0].parameters == {
        "by": "Wei Zhang", "marketplace": "Bazaar", "model": first[:10], "reason": "It asks too much.",
        "what": "model_rollback",
    }  # fmt: skip


def test_two_people_roll_back_what_one_cannot_and_a_stranger_never_counts(site: Site) -> None:
    first = put_champion_in_force(site)
    promote(site, admit_another(site))
    site.clock.forward(days=31)
    wei, mara = approval_actors(site)
    site.clock.forward(minutes=1)
    for who, missing in ((f"user:{site.analyst.user_id}", 2), (wei, 1), (mara, 0)):
        done = rollback(site.runtime, site.marketplace, by=who, reason="Worse.")
        assert (done.status.missing, champion_of(site) == first) == (missing, missing == 0), who
    assert entries(site, first)[-1][2]["approved_by"] == {wei: "Worse.", mara: "Worse."}
    assert verify(site.runtime)["differing_count"] == 0
    with pytest.raises(Invalid, match="2 different people"):
        rollback(site.runtime, site.marketplace, by="local")


def test_a_password_reset_makes_an_account_young(site: Site) -> None:
    site.clock.forward(days=31)
    put_champion_in_force(site)
    promote(site, admit_another(site))
    an_invited_user(site, site.data_scientist, site.analyst)
    assert not rollback(site.runtime, site.marketplace, by=approval_actors(site)[0], reason="Worse.").in_force


def test_the_champion_is_not_approved_again_and_there_must_be_one_to_go_back_to(site: Site) -> None:
    digest = put_champion_in_force(site)
    with pytest.raises(Conflict, match="champion already"):
        first_approval(site, digest)
    with pytest.raises(Conflict, match="no earlier champion"):
        rollback(site.runtime, site.marketplace, by=approval_actors(site)[0])


def test_where_two_must_approve_nobody_does_so_without_a_name(site: Site) -> None:
    digest = admit_model(site)
    with pytest.raises(Invalid, match="2 different people approve a promotion"):
        approve(site.runtime, site.marketplace, digest=digest, by="local")


def test_where_one_is_enough_the_owner_of_the_home_is(site: Site) -> None:
    digest = admit_model(site)
    small = replace(site.runtime, policies=site.runtime.policies.changed(PromotionPolicy(approvals_needed=1)))
    assert approve(small, site.marketplace, digest=digest, by="local").in_force


def test_there_must_be_something_to_approve(site: Site) -> None:
    with pytest.raises(NotFound, match="retrain first"):
        first_approval(site, "challenger")


def test_an_account_that_one_person_made_is_no_second_person(site: Site) -> None:
    digest = admit_model(site)
    an_invited_user(site, site.second_scientist, site.data_scientist)
    first_approval(site, digest)
    with pytest.raises(Forbidden, match="count as one person"):
        second_approval(site, digest)
    assert champion_of(site) is None
