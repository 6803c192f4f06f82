"""Pages in every language: which one somebody gets, and that no text of theirs is left in English."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import product
from pathlib import Path

import pytest
from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import write_po
from jinja2 import Environment

from features.message import Message as Told
from features.message import message
from features.phrase import Phrase
from models.errors import DomainError
from models.messages.english import in_english, translated_sentences
from models.policies.sellers import SanctionPolicy, StrikePolicy
from models.strikes import Hit, VoidCause
from models.verdict import Judgement, ReasonCode, Side
from serving.accounts.service import auth
from serving.accounts.service.display_choice import save_choice
from serving.appeals.policy import DEFAULT_COUNTER_NOTICE as DEFAULT
from serving.appeals.policy import AppealPolicy, SellerEvidencePolicy
from serving.appeals.rules import appeals
from serving.appeals.rules.appeals import AppealRecord
from serving.appeals.rules.counter_notice import (
    CounterNoticeEvent,
    CounterNoticeState,
    CounterNoticeTurn,
    Party,
    apply_event,
)
from serving.appeals.rules.seller_evidence import DocumentsOnFile, check_seller_document
from serving.composition import default_policies
from serving.notices.policy import NoticePolicy
from serving.notices.rules import decision_notice, reporters
from serving.notices.rules.decision_notice import DecisionNotice, NoticeDecision
from serving.notices.rules.decision_notice import decision_notice as notice_text
from serving.notices.rules.notice_counts import check_network, check_number, check_size
from serving.notices.rules.notices import (
    Draft,
    InvalidReason,
    ItemState,
    NoticeOutcome,
    ReporterKind,
    check_lengths,
    missing_elements,
)
from serving.platform import languages, tongues
from serving.platform.deadlines import BusinessCalendar
from serving.platform.display import Display, showing_as
from serving.platform.languages import Language
from serving.sellers.rules.sanction import SanctionCause, SellerAct, sanction_statement, seller_warning
from serving.takedowns.rules import statement
from serving.takedowns.rules.public_statement import Source
from serving.takedowns.rules.statement import Statement
from serving.web.wording.translated import TRANSLATED, in_words, phrase_in_words
from serving.web.wording.vocabulary import REASON_CODES
from serving.web.wording.words import length
from tests.fixtures.runtimes import Site
from tests.serving.web.catalogues import OTHERS, WEB, catalogue, texts_of_the_source
from tests.serving.web.test_seller_page import a_link
from tests.serving.web.visits import a_visitor, visit_as, words

NOW = datetime(2026, 3, 6, 12, tzinfo=UTC)
_PLACE = re.compile(r"%\(\w+\)s|\{\w+\}")
_LETTERS = re.compile(r"[^\W\d_]{2,}")
_ATTRIBUTE = re.compile(r'\s(?:aria-label|placeholder|title|alt|content|data-name)="([^"]*)"')
_CLASS_OF_BODY = re.compile(r"\{%-?\s*block body\b.*?endblock\s*-?%\}", re.DOTALL)
# Names, and formats that are called so everywhere.
_NOT_IN_LATIN = {Language("ru"), Language("zh")}
_NAMES = (
    ("de", "Deutsch"),
    ("en", "English"),
    ("es", "Español"),
    ("fr", "Français"),
    ("ru", "Русский"),
    ("zh-Hans", "中文"),
)
# Words that a language writes as English does.
_THE_SAME_WORD = {
    Language("de"): {"Design", "GTIN", "Laptop", "Name", "Passkey"},
    Language("fr"): {
        "%(n)s minute",
        "%(n)s minutes",
        "Certification",
        "Description",
        "Document",
        "Documents",
        "Invitations",
        "Messages",
        "Notes",
        "Office",
        "Questions",
        "confirmation",
    },
}
_SAME_EVERYWHERE = {"Touchstone", "CSV", "Parquet", "SHA", "width", "device", "initial", "scale"} | {
    "EU",
    "EUIPO",
    "GB",
    "US",
}


@pytest.fixture(scope="module")
def source() -> Catalog:
    return texts_of_the_source()


def messages(catalog: Catalog) -> list[Message]:
    return [translation for translation in catalog if translation.id]


def forms(text: str | Sequence[str] | None) -> tuple[str, ...]:
    return (text or "",) if text is None or isinstance(text, str) else tuple(text)


@pytest.mark.parametrize("language", OTHERS)
def test_a_catalogue_has_every_text_of_the_source_and_no_other(source: Catalog, language: Language) -> None:
    """Run `python -m tests.serving.web.catalogues`, then translate what is empty."""
    assert {forms(translation.id) for translation in messages(catalogue(language))} == {
        forms(translation.id) for translation in messages(source)
    }


@pytest.mark.parametrize("language", OTHERS)
def test_no_text_is_untranslated_or_guessed(language: Language) -> None:
    catalog = catalogue(language)
    assert [
        translation.id for translation in messages(catalog) if translation.fuzzy or not all(forms(translation.string))
    ] == []
    assert [
        translation.id
        for translation in messages(catalog)
        if len(forms(translation.string)) not in {1, catalog.num_plurals}
    ] == []
    assert [
        translation.id
        for translation in messages(catalog)
        if translation.pluralizable and len(forms(translation.string)) != catalog.num_plurals
    ] == []


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_placeholders_and_the_marks_of_its_text(language: Language) -> None:
    for translation in messages(catalogue(language)):
        placeholders = [set(_PLACE.findall(form)) for form in forms(translation.id)]
        assert all(set(_PLACE.findall(form)) in placeholders for form in forms(translation.string)), translation.id
        tags = re.findall(r"<[^>]*>", forms(translation.id)[-1])
        assert all(re.findall(r"<[^>]*>", form) == tags for form in forms(translation.string)), translation.id


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_is_in_its_own_letters(language: Language) -> None:
    """A text that was pasted into the wrong catalogue, or left in English."""
    han, cyrillic, latin = "[\u4e00-\u9fff]", "[а-яё]", "[a-zà-öø-ÿœ]"
    own = {Language("zh"): han, Language("ru"): cyrillic}.get(language, latin)
    foreign = {Language("zh"): cyrillic, Language("ru"): han}.get(language, f"{han}|{cyrillic}")
    for translation in messages(catalogue(language)):
        # What only sets marks between other texts has no letters in any language.
        for form in (
            forms(translation.string) if re.search("[A-Za-z]", _PLACE.sub("", forms(translation.id)[0])) else ()
        ):
            assert re.search(own, form, re.IGNORECASE), translation.id
            assert not re.search(foreign, form, re.IGNORECASE), translation.id
            assert form not in forms(translation.id) or form in _THE_SAME_WORD.get(language, ()), translation.id


@pytest.mark.parametrize("template", sorted(TRANSLATED))
def test_no_text_of_a_translated_page_goes_past_the_catalogues(template: str) -> None:
    assert list(literal_texts(template)) == []


def literal_texts(template: str) -> Iterator[str]:
    """What a template would write in every language alike: text outside of tags, and attributes that are read out."""
    source = (WEB / "templates" / template).read_text(encoding="utf-8")
    outside = re.sub(r"\{%-?\s*trans\b.*?\bendtrans\s*-?%\}", "", _CLASS_OF_BODY.sub("", source), flags=re.DOTALL)
    html = "".join(
        token if kind == "data" else " "
        for _, kind, token in Environment(extensions=["jinja2.ext.i18n"], autoescape=True).lex(outside)
        if kind in {"data", "block_begin", "variable_begin"}
    )
    read_out = " ".join(_ATTRIBUTE.findall(html))
    plain = re.sub(r"<[^>]*>|&\w+;", " ", html)
    yield from (word for word in _LETTERS.findall(f"{read_out} {plain}") if word not in _SAME_EVERYWHERE)


def test_what_the_rules_say_to_sellers_and_notifiers_is_known_in_every_language() -> None:
    """Each sentence that they can be told is translated whole: nothing of it is left as it was."""
    told_messages = {in_english(message): message for message in messages_told()}
    assert {code for message in told_messages.values() for code in codes_of(message)} <= set(translated_sentences())
    labels = [Phrase(reason.text) for reason in REASON_CODES]
    sentences: list[Phrase | Told] = [*told_messages.values(), *refusals(), *labels]
    for language, sentence in product(OTHERS, sentences):
        with showing_as(Display(language=language)):
            shown = phrase_in_words(sentence) if isinstance(sentence, Phrase) else in_words(sentence)
        remaining_text = re.sub(r"Aurelle|Vela AG|Vela|UTC|PDF|PNG|JPEG|MB|DE, FR|EU|CE|EC|abcd", "", shown)
        english = r"[A-Za-z]{2,}" if language in _NOT_IN_LATIN else r"\b(?:the|you|your|and|of|not|listing)\b"
        assert not re.search(english, remaining_text), (language, sentence, remaining_text)


def codes_of(message: Told) -> Iterator[str]:
    yield message.code
    for parameter in message.parameters.values():
        if isinstance(parameter, Told):
            yield from codes_of(parameter)


def messages_told() -> Iterator[Told]:
    """The messages to sellers and notifiers, made by the rules themselves."""
    owned = (statement.ProtectedMark("Aurelle"), statement.ProtectedMark("Vela", "Vela AG"))
    ways = product(((True, False), (False, True), (False, False)), statement.Discovery)
    for code, side, ((examined, bought), found_by), source, countries, owner in product(
        ReasonCode, Side, ways, Source, ((), ("DE", "FR")), owned
    ):
        yield from messages_of(
            statement.removal_statement(
                owned=owner,
                reason_code=code,
                side=side,
                discovery=found_by,
                examined=examined,
                bought=bought,
                aided=bought,
                source=source,
                sold_in=countries,
            )
        )
    for why in statement.OverturnCause:
        yield from messages_of(statement.amended_statement(why))
        yield from messages_of(statement.reinstatement_statement(why))
    for act, cause in product(SellerAct, SanctionCause):
        yield from messages_of(sanction_statement(act, cause))
    yield from (decision_notice.RECEIPT, reporters.WARNING)
    for outcome, judgement, side, blind, undone, again, until in product(
        NoticeOutcome, (None, *Judgement), (None, *Side), (True, False), (True, False), (True, False), (None, NOW)
    ):
        yield from messages_of(notice_text(NoticeDecision(outcome, judgement, side, blind, undone, again, until)))
    for reason in InvalidReason:
        yield from messages_of(
            notice_text(NoticeDecision(NoticeOutcome.INVALID, None, None, False, False, False, None, reason))
        )
    for state in ItemState:
        settled = decision_notice.settled_notice(state)
        yield from () if settled is None else messages_of(settled)
    policies = default_policies()
    for weight, void in product((0.0, 0.5, 1.0, 2.0, 2.5), (None, *VoidCause)):
        hit = Hit("act_1", ReasonCode.DESIGN, weight, NOW, void)
        yield seller_warning(hit, strikes=policies[StrikePolicy], policy=policies[SanctionPolicy])


def refusals() -> Iterator[Phrase]:
    """What a seller or a notifier is told where the rules refuse something."""
    policies, calendar, record = default_policies(), BusinessCalendar(), AppealRecord(upheld=0, dismissed=0)
    evidence, limits = policies[SellerEvidencePolicy], policies[NoticePolicy]
    pdf = b"%PDF-1.7"
    many = DocumentsOnFile(evidence.most_documents, 0)
    calls: list[Callable[[], object]] = [
        lambda: appeals.admit(informed_at=NOW, at=NOW, is_first=False, record=record, policy=policies[AppealPolicy]),
        lambda: appeals.admit(
            informed_at=NOW, at=NOW + timedelta(days=999), is_first=True, record=record, policy=policies[AppealPolicy]
        ),
        lambda: check_seller_document(b"", DocumentsOnFile(0, 0), evidence),
        lambda: check_seller_document(b"x" * (evidence.largest_document + 1), DocumentsOnFile(0, 0), evidence),
        lambda: check_seller_document(b"<html>", DocumentsOnFile(0, 0), evidence),
        lambda: check_seller_document(pdf, many, evidence),
        lambda: check_seller_document(pdf, DocumentsOnFile(0, evidence.most_bytes), evidence),
        lambda: check_lengths(Draft("x" * 1_000_000, (), "", "", good_faith=True, reason_code="")),
        lambda: check_lengths(Draft("", (), "x" * 10_000, "", good_faith=True, reason_code="")),
        lambda: check_lengths(Draft("", (), "", "x" * 10_000, good_faith=True, reason_code="")),
        lambda: check_lengths(Draft("", ("x" * 10_000,), "", "", good_faith=True, reason_code="")),
        lambda: check_lengths(Draft("", (), "a\nb", "", good_faith=True, reason_code="")),
        lambda: check_lengths(Draft("", (), "", "a\nb", good_faith=True, reason_code="")),
        *(partial(check_size, 10_000, kind=kind, policy=limits) for kind in ReporterKind),
        partial(check_network, 1, 10_000, limits),
        partial(check_number, 1, today=10_000, this_hour=0, policy=limits),
        partial(check_number, 1, today=0, this_hour=1_000_000, policy=limits),
        *(
            partial(
                apply_event,
                CounterNoticeTurn(state, 1, due),
                event,
                Party.SELLER,
                at=NOW,
                policy=DEFAULT,
                calendar=calendar,
            )
            for state, event, due in product(
                CounterNoticeState,
                (CounterNoticeEvent.SUBMIT, CounterNoticeEvent.WITHDRAW, CounterNoticeEvent.APPEAL),
                (NOW - timedelta(days=1), NOW + timedelta(days=1)),
            )
        ),
    ]
    for call in calls:
        with suppress(DomainError):
            try:
                call()
            except DomainError as refused:
                yield refused.phrase
    yield from missing_elements(Draft("", (), "", "", good_faith=False, reason_code="")).values()


def messages_of(notice: DecisionNotice | Statement) -> list[Told]:
    return [message for field in fields(notice) if (message := getattr(notice, field.name)) is not None]


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),  # Nothing is asked for.
        ("ru", "ru"),
        ("zh-TW,zh;q=0.9,en;q=0.8", "zh-Hans"),  # Any Chinese is read more easily than English.
        ("it-IT,es;q=0.4,ru;q=0.7", "ru"),  # The most wanted of those that there are.
        ("es;q=0, ru;q=0.1", "ru"),  # Zero means never.
        ("it", "en"),
        ("es;q=nan, \x00;q=1e9", "en"),  # Nonsense is nobody's wish.
        (",".join(["it"] * 5_000) + ",ru", "en"),  # Nobody reads five thousand.
    ],
)
def test_the_browser_says_which_language_is_read(site: Site, header: str, language: str) -> None:
    page = a_visitor(site).get("/notice", **{"accept-language": header}).text
    assert f'<html lang="{language}"' in page


def test_what_was_chosen_is_kept_and_goes_before_what_the_browser_says(site: Site) -> None:
    visitor = a_visitor(site)
    chosen = visitor.get("/notice?lang=ru")
    assert "HttpOnly" in chosen.headers["set-cookie"]
    assert "SameSite=Lax" in chosen.headers["set-cookie"]
    assert "Сообщить о незаконном предложении" in words(visitor.get("/notice", **{"accept-language": "es"}).text)
    assert "Notificar una oferta ilícita" in words(visitor.get("/notice?lang=es").text)
    assert "set-cookie" not in visitor.get("/notice?lang=tlh").headers


def test_the_switch_names_each_language_in_itself_and_needs_no_script(site: Site) -> None:
    _, link = a_link(site)
    page = a_visitor(site).get(link).text
    for tag, name in _NAMES:
        code = tag.split("-")[0]
        assert f'<a href="{link}?lang={code}" lang="{tag}" hreflang="{tag}"' in page
        assert f">{name}</a>" in page


@pytest.mark.parametrize(
    ("language", "headline", "deadline", "days_left", "strike"),
    [
        (Language("en"), "Your listing was removed", "Friday, 6 March 2026", "4 days left", "1 strike"),
        (Language("zh"), "您的商品已被下架", "2026年3月6日星期五", "剩余 4 天", "1 次违规记录"),
        (Language("ru"), "Ваше предложение удалено", "пятница, 6 марта 2026 г.", "Осталось: 4 дня", "1 нарушение"),
        (Language("de"), "Ihr Angebot wurde entfernt", "Freitag, 6. März 2026", "noch 4 Tage", "1 Verwarnung"),
        (Language("fr"), "Votre annonce a été retirée", "vendredi 6 mars 2026", "4 jours", "1 avertissement"),
        (
            Language("es"),
            "Su oferta ha sido retirada",
            "viernes, 6 de marzo de 2026",
            "Tiempo restante: 4 días",
            "1 falta",
        ),
    ],
)
def test_a_seller_reads_its_page_in_its_language(
    site: Site, language: Language, headline: str, deadline: str, days_left: str, strike: str
) -> None:
    _, link = a_link(site)
    read = words(a_visitor(site).get(f"{link}?lang={language}").text)
    for expected in (headline, deadline, days_left, strike, "Aure11e Colline tote 1:1 mirror quality"):
        assert expected in read


@pytest.mark.parametrize("language", OTHERS)
def test_a_refusal_and_an_error_are_in_the_language_of_the_page(site: Site, language: Language) -> None:
    _, link = a_link(site)
    visitor = a_visitor(site)
    visitor.get(f"{link}?lang={language}")
    with showing_as(Display(language=language)):
        empty, nowhere = tongues.say("Choose one of the answers."), tongues.say("This link is invalid or has expired.")
    assert empty in words(visitor.post(link, {"event": "concede", "statement": "x"}).text)
    assert nowhere in words(visitor.get("/notice/nothing").text)
    assert empty != "Choose one of the answers."


def test_what_people_wrote_stays_as_they_wrote_it(site: Site) -> None:
    _, link = a_link(site)
    visitor = a_visitor(site)
    mine = "La factura 1177 está aquí. The removal stands."
    visitor.post(link, {"event": "submit", "statement": mine})
    assert mine in words(visitor.get(f"{link}?lang=ru").text)


def test_a_page_without_translations_is_english_to_its_last_word(site: Site) -> None:
    token = auth.new_setup_token(site.runtime)
    page = a_visitor(site).get(f"/setup/{token}", **{"accept-language": "ru"}).text
    assert '<html lang="en"' in page
    assert "Skip to content" in page


@pytest.mark.parametrize(
    ("number", "russian", "spanish"),
    [(1, "1 день", "1 día"), (2, "2 дня", "2 días"), (5, "5 дней", "5 días"), (21, "21 день", "21 días")],
)
def test_a_count_takes_the_form_of_its_language(number: int, russian: str, spanish: str) -> None:
    lengths = []
    for language in (Language("ru"), Language("es")):
        with showing_as(Display(language=language)):
            lengths.append(length(timedelta(days=number, hours=5)))
    assert lengths == [russian, spanish]


@pytest.fixture
def pseudo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: Catalog) -> Iterator[Language]:
    """Italian, which has a catalogue and nothing else: each text between marks."""
    catalog = Catalog(locale="it")
    for translation in messages(source):
        text = forms(translation.id)
        catalog.add(
            translation.id, string=tuple(f"⟦{form}⟧" for form in text) if translation.pluralizable else f"⟦{text[0]}⟧"
        )
    with (tmp_path / "it.po").open("wb") as file:
        write_po(file, catalog)
    caches = (languages.languages, tongues.tongues, tongues._tongues_by_language, tongues._catalogue)
    for module in (languages, tongues):
        monkeypatch.setattr(module, "FOLDER", tmp_path)
    for cached in caches:
        cached.cache_clear()
    yield Language("it")
    monkeypatch.undo()
    for cached in caches:
        cached.cache_clear()


def test_a_language_is_added_by_one_catalogue(site: Site, pseudo: Language) -> None:
    _, link = a_link(site)
    with showing_as(Display(language=pseudo)):
        assert tongues.current_tongue() == tongues.Tongue(pseudo, "it", "Italiano", Locale("it", "IT"))
        assert in_words(message("text_kinds", n=3)) == "⟦3 kinds of suspect wording.⟧"
        assert tongues.day(NOW) == "6 marzo 2026"
    page = a_visitor(site).get(link, **{"accept-language": "it"}).text
    assert '<html lang="it"' in page
    assert "⟦Your listing was removed⟧" in words(page)
    assert ">Italiano</a>" in page
    save_choice(site.runtime, site.brand_person, Display(), {"language": pseudo})
    assert "⟦Your questions⟧" in words(visit_as(site, site.brand_person).get("/brand").text)
