from dataclasses import replace

from serving import auth
from serving.display import Density, Display, Language, Theme
from serving.usecases.display_choice import begin_in, choose
from tests.fixtures.runtimes import PASSWORD, Site

CHOICE = Display("Asia/Shanghai", Language.CHINESE, Density.ROOMY, letter_keys=False, theme=Theme.DARK)


def test_a_choice_is_kept_and_replaced_and_comes_with_the_session(any_site: Site) -> None:
    runtime, person = any_site.runtime, any_site.analyst
    token = auth.sign_in(runtime, person.email, PASSWORD).token
    assert auth.session_of(runtime, token).display == Display()
    given = {"time_zone": "Asia/Shanghai", "language": "zh", "density": "roomy", "letter_keys": "off", "theme": "dark"}
    choose(runtime, person, Display(), given)
    assert auth.session_of(runtime, token).display == CHOICE
    choose(runtime, person, CHOICE, {"theme": "light"})
    assert auth.session_of(runtime, token).display == replace(CHOICE, theme=Theme.LIGHT)


def test_the_language_of_signing_in_is_kept_until_somebody_chooses(any_site: Site) -> None:
    runtime, person = any_site.runtime, any_site.analyst
    token = auth.sign_in(runtime, person.email, PASSWORD).token
    begin_in(runtime, person, Language.ENGLISH)
    assert auth.session_of(runtime, token).display == Display()
    begin_in(runtime, person, Language.RUSSIAN)
    assert auth.session_of(runtime, token).display == Display(language=Language.RUSSIAN)
    begin_in(runtime, person, Language.SPANISH)
    choose(runtime, person, Display(language=Language.RUSSIAN), {"language": "en"})
    begin_in(runtime, person, Language.CHINESE)
    assert auth.session_of(runtime, token).display == Display()
