"""Saved filters of the queue: at most twenty a person, with unique names."""

from typing import Final

from models.errors import Conflict, Invalid, NotFound
from serving.accounts.rules.access import Person
from serving.cases.store import saved_filters
from serving.cases.store.saved_filters import SavedFilter
from serving.platform.runtime import Runtime

MOST: Final = 20
LONGEST_NAME: Final = 60


def save_filter(runtime: Runtime, person: Person, name: str, query: str) -> None:
    """Save a filter; it replaces one with the same name.

    Raises Invalid (the name is empty or too long) or Conflict (the person has twenty filters already).
    """
    saved_filter = SavedFilter(_checked_name(name), query)
    with runtime.store.write() as connection:
        own_filters = saved_filters.of_person(connection, person.user_id)
        if len(own_filters) >= MOST and all(own_filter.name != saved_filter.name for own_filter in own_filters):
            raise Conflict(
                "You have {most} filters already. Delete one you no longer need, then save this one.", most=MOST
            )
        saved_filters.save(connection, person.user_id, saved_filter, runtime.clock.now())


def rename_filter(runtime: Runtime, person: Person, name: str, to: str) -> None:
    """Give a filter another name.

    Raises Invalid (the new name is empty or too long), NotFound (there is no filter of this name) or Conflict (another
    filter has the new name).
    """
    new = _checked_name(to)
    with runtime.store.write() as connection:
        if new != name and any(
            own_filter.name == new for own_filter in saved_filters.of_person(connection, person.user_id)
        ):
            raise Conflict("Another of your filters is called {name}.", name=new)
        if not saved_filters.rename(connection, person.user_id, name, new):
            raise NotFound("You have no filter of this name.")


def delete_filter(runtime: Runtime, person: Person, name: str) -> None:
    """Delete a filter; without effect where there is none."""
    with runtime.store.write() as connection:
        saved_filters.delete_filter(connection, person.user_id, name)


def _checked_name(text: str) -> str:
    name = " ".join(text.split())
    if not name:
        raise Invalid("Give the filter a name.")
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise Invalid("A name has at most {most} characters that can be seen.", most=LONGEST_NAME)
    return name
