"""Rules for granting roles, and the role that is never removed: a marketplace's last administrator."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from models.errors import Conflict, Forbidden, Invalid, NotFound
from serving.accounts.rules.access import Grant, Role


@dataclass(frozen=True, slots=True)
class GrantChange:
    """The roles that somebody is given, and those that are taken from them."""

    added: tuple[Grant, ...]
    removed: tuple[Grant, ...]


def check_grant(grant: Grant, administered: Collection[str]) -> None:
    """Refuse a role that the giver may not give.

    Raises Forbidden (it is in a marketplace that the giver does not administer) or Invalid (a brand user without a
    brand, or another role with a brand).
    """
    if grant.marketplace_id not in administered:
        raise Forbidden("You can give roles only in the marketplaces that you administer.")
    if (grant.role is Role.BRAND) != (grant.brand_id is not None):
        raise Invalid("A brand's person names their brand, and nobody else names one.")


def grant_change(before: Sequence[Grant], grants: Iterable[Grant], administered: Collection[str]) -> GrantChange:
    """The grants and removals so that somebody holds exactly the wanted roles in the administered marketplaces.

    Roles elsewhere stay as they are, and a role that stays keeps whether its holder leads their brand.

    Raises Forbidden, Invalid (as `check_grant`; and no role at all would be left: an account without roles is
    deactivated instead).
    """
    grants_by_key = {_grant_key(grant): grant for grant in grants}
    for grant in grants_by_key.values():
        check_grant(grant, administered)
    before_by_key = {_grant_key(grant): grant for grant in before if grant.marketplace_id in administered}
    if not grants_by_key and len(before_by_key) == len(before):
        raise Invalid("Without any role they can do nothing here. Deactivate them instead.")
    new_grants = tuple(grant for key, grant in grants_by_key.items() if key not in before_by_key)
    return GrantChange(new_grants, tuple(grant for key, grant in before_by_key.items() if key not in grants_by_key))


def _grant_key(grant: Grant) -> tuple[Role, str, str | None]:
    return grant.role, grant.marketplace_id, grant.brand_id


def check_still_administered(
    taken: Iterable[Grant], user_id: str, administrators: Mapping[str, Collection[str]]
) -> None:
    """Refuse to remove the role of the last administrator of a marketplace.

    `administrators` are those who can sign in, by marketplace.

    Raises Conflict (the marketplace has no other administrator).
    """
    for grant in taken:
        if grant.role is Role.ADMIN and not set(administrators.get(grant.marketplace_id, ())) - {user_id}:
            raise Conflict("They are the last administrator here. Make somebody else one first.")


def check_reactivation(grants: Sequence[Grant], administered: Collection[str]) -> None:
    """Refuse to reactivate an account that also has roles elsewhere: reactivation would restore those roles.

    Raises Forbidden (it has roles where the person who asks administers nothing).
    """
    if _works_elsewhere(grants, administered):
        raise Forbidden("They also work for a marketplace that is not yours. An administrator of both can do it.")


def check_own_roles(grants: Collection[Grant], user_id: str, by: str) -> None:
    """Refuse to give oneself a role: an act that needs two people must not become possible for one alone.

    Raises Forbidden (it is one's own account).
    """
    if grants and user_id == by:
        raise Forbidden("You cannot give yourself a role; another administrator can.")


def check_deactivation(grants: Sequence[Grant], user_id: str, by: str, administered: Collection[str]) -> None:
    """Refuse to deactivate one's own account, or an account that has roles elsewhere.

    Raises Conflict (it is one's own) or Forbidden (it also has roles where the person who asks administers nothing).
    """
    if user_id == by:
        raise Conflict("You cannot deactivate yourself; another administrator can.")
    if _works_elsewhere(grants, administered):
        raise Forbidden("They also work for a marketplace that is not yours. Take their roles here away instead.")


def check_password_reset(
    grants: Sequence[Grant], user_id: str, by: str, *, administered: Collection[str], led: Collection[tuple[str, str]]
) -> None:
    """Refuse a password reset link to an account with more access than its maker controls.

    The maker sees the link before passing it on, so it must open only access that the maker could grant and withdraw
    anyway. That is all access in the marketplaces that they administer, and the users without lead rights of the brands
    that they lead, as (marketplace, brand). One's own account is no exception to the question for the present password.

    Raises Conflict (it is one's own account), NotFound (the account has no role any more) or Forbidden (it has roles
    outside the maker's control, or leads the brand too).
    """
    if user_id == by:
        raise Conflict("You cannot create a link for yourself. Change your password in your settings.")
    if not grants:
        raise NotFound("There is no such person here.")
    for grant in grants:
        if grant.marketplace_id in administered:
            continue
        if grant.role is not Role.BRAND or (grant.marketplace_id, grant.brand_id) not in led:
            raise Forbidden(
                "They also have roles outside your control. Somebody who controls all their roles, or the operator "
                "of this service, must create their link."
            )
        if grant.leads:
            raise Forbidden(
                "They also have lead rights for the brand. An administrator of the marketplace must create their link."
            )


def _works_elsewhere(grants: Sequence[Grant], administered: Collection[str]) -> bool:
    return any(grant.marketplace_id not in administered for grant in grants)
