from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import select

from models.errors import Invalid
from serving.accounts.service import auth
from serving.accounts.service.display_choice import save_choice, set_initial_language
from serving.accounts.store import display_settings
from serving.accounts.tables import display_setting
from serving.platform.display import Density, Display, Theme
from serving.platform.languages import Language
from tests.fixtures.runtimes import PASSWORD, Site
from tests.fixtures.waiting import until_waiting

CHOICE = Display("Asia/Shanghai", Language("zh"), Density.ROOMY, letter_keys=False, theme=Theme.DARK)


@pytest.mark.both_engines
def test_a_choice_is_kept_and_replaced_and_comes_with_the_session(any_site: Site) -> None:
    runtime, person = any_site.runtime, any_site.analyst
    token = auth.sign_in(runtime, person.email, PASSWORD).token
    assert auth.session_of(runtime, token).display == Display()
    choice = {"time_zone": "Asia/Shanghai", "language": "zh", "density": "roomy", "letter_keys": "off", "theme": "dark"}
    save_choice(runtime, person, Display(), choice)
    assert auth.session_of(runtime, token).display == CHOICE
    save_choice(runtime, person, CHOICE, {"theme": "light"})
    assert auth.session_of(runtime, token).display == replace(CHOICE, theme=Theme.LIGHT)


def test_a_switch_that_is_neither_on_nor_off_is_refused(site: Site) -> None:
    with pytest.raises(Invalid, match="only be on or off"):
        save_choice(site.runtime, site.analyst, Display(), {"letter_keys": "perhaps"})


@pytest.mark.both_engines
def test_the_language_of_signing_in_is_kept_until_somebody_chooses(any_site: Site) -> None:
    runtime, person = any_site.runtime, any_site.analyst
    token = auth.sign_in(runtime, person.email, PASSWORD).token
    set_initial_language(runtime, person, Language("en"))
    assert auth.session_of(runtime, token).display == Display()
    set_initial_language(runtime, person, Language("ru"))
    assert auth.session_of(runtime, token).display == Display(language=Language("ru"))
    set_initial_language(runtime, person, Language("es"))
    save_choice(runtime, person, Display(language=Language("ru")), {"language": "en"})
    set_initial_language(runtime, person, Language("zh"))
    assert auth.session_of(runtime, token).display == Display()


@pytest.mark.both_engines
def test_two_who_sign_in_or_choose_at_once_for_the_first_time_are_both_served(any_site: Site) -> None:
    """The other transaction has written and not committed when this one reads."""
    runtime = any_site.runtime
    russian = Display(language=Language("ru"))
    first, second = any_site.analyst, any_site.second_analyst
    with ThreadPoolExecutor(2) as pool:
        with runtime.store.write() as connection:
            for person in (first, second):
                display_settings.save(connection, person.user_id, russian, any_site.clock.now())
            signs_in = pool.submit(set_initial_language, runtime, first, Language("es"))
            chooses = pool.submit(save_choice, runtime, second, Display(), {"theme": "dark"})
            until_waiting(runtime.store, 2)
        signs_in.result()
        chooses.result()
    with runtime.store.read() as connection:
        displays = [display_settings.of_row(row) for row in connection.execute(select(display_setting)).all()]
    assert sorted(displays, key=lambda display: display.theme) == [russian, Display(theme=Theme.DARK)]
