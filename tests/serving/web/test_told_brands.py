"""Pages for brands in each language, with every sentence that the rules can address to a brand."""

import json
import math
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import product

import hypothesis
import pytest
from hypothesis import strategies as st

from features.compute import FEATURES, compute
from features.indicators import PatternRefused, check_pattern
from features.message import Amount, Message, each_as_json, each_from_json, message
from features.phrase import Phrase
from models.case import CaseLane
from models.errors import DomainError
from models.explanations import _STORY_OF
from models.labels import AppealState
from models.messages.english import in_english, placeholders, translated_sentences
from models.policies.deciding import EnforcementPolicy
from models.verdict import DecisionInput, Judgement, ReasonCode, Side, consequence
from serving.accounts.rules.access import Role
from serving.accounts.service.display_choice import save_choice
from serving.accounts.service.given_names import checked_address
from serving.appeals.rules.counter_notice import CounterNoticeState
from serving.brands.policy import DEFAULT_RIGHTS, EnrolmentPolicy
from serving.brands.rules.brand_dashboard import objection_outcome
from serving.brands.rules.brand_record import AnswerFacts, result_of
from serving.brands.rules.certification import CertificationMethod, CertificationPass, gate_for, questions
from serving.brands.rules.rights import Mandate, Notice, Right, RightKind, RightState, basis_for
from serving.brands.rules.rights_document import checked_territories
from serving.brands.service.authorised_sellers import MOST, parse_sellers
from serving.brands.service.brand_file import AGENT, NOT_LEADING
from serving.brands.service.mandates import NewMandate, grant_mandate
from serving.brands.service.price_lists import judge_rows
from serving.brands.service.rights_claims import NewRight, claim_right, settle_rights
from serving.brands.service.rights_copies import keep_document
from serving.composition import default_policies
from serving.listings.service.intake import receive_rows
from serving.platform.display import Display, showing_as
from serving.platform.languages import Language, languages
from serving.platform.row_files import LARGEST, rows_of
from serving.standing.policy import StandingPolicy
from serving.standing.rules.record import Record
from serving.standing.rules.standing import Level, StoredLevel, effect, outlook, standing
from serving.takedowns.rules.public_statement import Source
from serving.takedowns.rules.statement import Discovery, ProtectedMark, removal_statement
from serving.web.brand.questions import _ICONS
from serving.web.wording.translated import in_words, phrase_in_words
from serving.web.wording.words import age, due, duration
from serving.webhooks.rules.action import ActionState
from tests.fixtures.clocks import NOW
from tests.fixtures.facts import A_HISTORY, full_facts, suspect_facts
from tests.fixtures.reporting import a_leader
from tests.fixtures.runtimes import Site, a_case, a_row, invite
from tests.fixtures.two_marketplaces import put_on_file, with_two_marketplaces
from tests.serving.standing.rules.test_standing import DESIGN, MARK, audits, ended, undefended
from tests.serving.web.catalogues import OTHERS
from tests.serving.web.visits import Visitor, hidden_fields, visit_as, words

_QUOTED = re.compile("„[^“]*“|“[^”]*”|«[^»]*»")
# Codes and formats that are called so in every language.
_EVERYWHERE = ("CSV", "Parquet", "PNG", "JPEG", "WORLD", "UTC")
_ENGLISH = re.compile(r"\b(?:are|for|is|nobody|not|of|on|text|that|the|title|was|which|with|words)\b")


def listing_messages() -> list[Message]:
    """Why a brand can be asked."""
    messages = [message("wording", words=("mirror",))]
    for facts in (suspect_facts(history=A_HISTORY), full_facts()):
        of = compute(facts)
        for column, feature in enumerate(FEATURES):
            if {feature.name, _STORY_OF.get(feature.name)} & set(_ICONS) and not math.isnan(of.vector[column]):
                messages += [
                    reason
                    for feature_value in (0, 0.5, 0.9, 1, 2)
                    if (reason := feature.say(of.evidence, feature_value)) is not None
                ]
    return messages


def standing_messages() -> list[Message]:
    """The possible standings of a brand, and the effect of its next confirmation."""
    policies, messages = default_policies(), [message("standing.made_up", n=59)]
    records = [
        Record(),
        Record(audits(28)),
        Record(audits(500)),
        Record(audits(40, 5)),
        Record((*audits(400), *audits(5, 5, code=DESIGN))),
        ended(20, 2),
        ended(10, 10),
        undefended(4, "shop-1", "shop-2", "shop-3"),
    ]
    for record, level in product(records, Level):
        kept_level = StoredLevel(level, NOW - timedelta(days=60))
        stands = standing(record, kept_level=kept_level, as_of=NOW, policy=policies[StandingPolicy])
        messages += [*stands.reasons, *outlook(stands, policies[StandingPolicy])]
        for code, used in product((MARK, DESIGN), (0, 99)):
            messages.append(effect(stands, code, at_once_today=used, policy=policies[StandingPolicy]).reason)
    for days in (None, 1, 360, 400):
        passed = None if days is None else CertificationPass(NOW - timedelta(days=days), CertificationMethod.ANSWERED)
        messages.append(gate_for(passed, NOW, policies[EnrolmentPolicy]).reason)
    return messages


def right_messages() -> list[Message]:
    """The reasons why no right covers a confirmation."""
    begun = datetime(2016, 3, 1, tzinfo=UTC)
    mark = Right(
        "rgt_1", RightKind.MARK, "MAREA", "EUIPO", "0181", (18,), frozenset({"EU"}), RightState.CLAIMED, begun, None
    )
    carried = RightState.CARRIED_OVER
    changes = [
        mark,
        *(replace(mark, state=state) for state in RightState),
        *(replace(mark, kind=kind, state=carried, expires_at=NOW) for kind in RightKind),
        replace(mark, state=RightState.VERIFIED, begins_at=NOW + timedelta(days=9)),
        replace(mark, state=RightState.VERIFIED, territories=frozenset({"FR"})),
    ]
    mandates = [
        Mandate("poa_1", "Marea", frozenset({RightKind.DESIGN}), frozenset({"US"}), begun, NOW + ends, revoked)
        for ends, revoked in ((timedelta(1), None), (timedelta(-1), None), (timedelta(1), NOW - timedelta(2)))
    ]
    messages = list[Message]()
    for right, code, sold_in, acting in product(
        changes, ReasonCode, (None, frozenset({"CN"}), frozenset({"FR"})), ([], *([mandate] for mandate in mandates))
    ):
        messages += basis_for([right], acting, Notice(code, sold_in, NOW), DEFAULT_RIGHTS).reasons
    return [*messages, *basis_for([], [], Notice(MARK, None, NOW), DEFAULT_RIGHTS).reasons]


def answer_messages() -> list[Message]:
    """The consequences of an answer, its outcomes, and those of the objection to its removal."""
    messages = list[Message]()
    for withheld in (None, message("effect.capped.used", n=5)):
        decision_input = DecisionInput(
            CaseLane.ASK_BRAND, Side.BRAND, brand_can_be_asked=True, brand_name="Marea", withheld=withheld
        )
        messages += consequence(Judgement.COUNTERFEIT, decision_input, default_policies()[EnforcementPolicy]).reasons
    for judgement, undone, removal, appeal, countered in product(
        (Judgement.COUNTERFEIT, Judgement.GENUINE),
        (True, False),
        (None, *ActionState),
        AppealState,
        (None, *CounterNoticeState),
    ):
        answered = AnswerFacts(judgement, NOW, undone, removal, None, appeal, countered, objected=True)
        messages += [
            message(result_of(answered).reason),
            message(objection_outcome(appeal, countered)),
        ]
    return messages


def file_refusals() -> list[Phrase]:
    """The reasons for refusing data that a brand submits, and for refusing access."""
    phrases = [AGENT, NOT_LEADING]
    prices: list[dict[str, str]] = [
        {"model": "Colline", "price": "540", "currency": "EUR", **change}
        for change in (
            {"price": "0"},
            {"price": "-1"},
            {"price": "x"},
            {"price": "9" * 30},
            {"currency": "EURO"},
            {"valid_from": "soon"},
            {"model": "9" * 201},
            {"model": "\ud800"},
            {"model": ""},
            {"shade": "red"},
        )
    ]
    phrases += [row.refused for row in judge_rows(prices, NOW) if row.refused is not None]
    phrases += [why for _, why in parse_sellers("9" * 201)[1]]
    calls: list[Callable[[], object]] = [
        *(
            partial(check_pattern, pattern)
            for pattern in ("", "\n", "é", "\u0301", r"\C", "(", "a*", "a{900}b{900}" * 9)
        ),
        *(partial(rows_of, *upload) for upload in (("", b""), ("", b"9" * (LARGEST + 1)), ("list.xml", b"9"))),
        *(partial(checked_territories, countries) for countries in ((), ("Mars",))),
        lambda: parse_sellers("\n".join(map(str, range(MOST + 1)))),
        lambda: checked_address("nobody"),
    ]
    for call in calls:
        with pytest.raises((DomainError, PatternRefused)) as refused:
            call()
        assert isinstance(refused.value, DomainError | PatternRefused)
        phrases.append(refused.value.phrase)
    return phrases


TOLD = [answer_messages, listing_messages, right_messages, standing_messages]


@pytest.mark.parametrize("told_of", TOLD, ids=lambda function: function.__name__)
def test_what_the_rules_say_to_a_brand_is_known_in_every_language(told_of: Callable[[], list[Message]]) -> None:
    messages = {in_english(reason): reason for reason in told_of()}
    assert len(messages) >= 10
    assert {reason.code for reason in messages.values()} <= set(translated_sentences())
    for language, (english, reason) in product(OTHERS, messages.items()):
        with showing_as(Display(language=language)):
            remaining_text = _QUOTED.sub("", in_words(reason))
        assert not _ENGLISH.search(remaining_text), (language, reason, remaining_text)
        assert remaining_text != english


def test_what_is_refused_to_a_brand_is_known_in_every_language() -> None:
    for language, phrase in product(OTHERS, file_refusals()):
        with showing_as(Display(language=language)):
            remaining_text = _QUOTED.sub("", phrase_in_words(phrase))
        assert not _ENGLISH.search(remaining_text), (language, phrase, remaining_text)
        assert remaining_text != str(phrase), (language, phrase)


def test_a_date_is_written_as_the_language_writes_it() -> None:
    with showing_as(Display(language=Language("es"))):
        sentence = in_words(message("certification.expired", date=date(2026, 5, 1))).replace("\xa0", " ")
    assert sentence == "Su formación caducó el 1 de mayo de 2026; responda de nuevo a sus preguntas."


_DISCOUNT = message("price_claimed_discount", share=0.7, list_price=Amount(Decimal("1200.50"), "EUR"))


@pytest.mark.parametrize(
    ("language", "message", "expected"),
    [
        (Language("ru"), _DISCOUNT, "В предложении заявлена скидка 70 % с цены 1 200,50 €."),
        (Language("zh"), message("text_kinds", n=3), "有 3 类可疑措辞。"),
        (Language("ru"), message("text_kinds", n=3), "3 вида подозрительных формулировок."),
        (Language("ru"), message("text_kinds", n=21), "21 вид подозрительных формулировок."),
        (Language("ru"), message("account.strikes", n=2.5), "2,5 нарушения"),
        # What a listing says is quoted as it stands, also where it reads like one of our own words.
        (
            Language("es"),
            message("text_overclaim", words=("Licensed", "{n}")),
            "Afirmaciones de autenticidad: «Licensed», «{n}».",
        ),
    ],
)
def test_figures_are_written_as_the_language_writes_them(language: Language, message: Message, expected: str) -> None:
    with showing_as(Display(language=language)):
        assert in_words(message).replace("\xa0", " ") == expected


HOSTILE = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40),
    st.text("0123456789,. %EUR-:_()s“”", min_size=1, max_size=60),
    st.sampled_from(
        [", EUR", ",", ",,", ".", "9" * 28 + " EUR", "9" * 400, "9" * 400 + " %", "1.2.3", "٣,٣ EUR", "%(n)s"]
    ),
)


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize(
    "hostile_text",
    [", EUR", "9" * 28 + " EUR", "9" * 400, "9" * 400 + " %", ",", "1,234", "%(n)s", "{n}", "{", "}}", "{0.a!r}"],
)
def test_whatever_is_put_into_a_sentence_it_is_shown(language: Language, hostile_text: str) -> None:
    for code, sentence in translated_sentences().items():
        hows = dict(placeholders(sentence.text)) | dict(placeholders(sentence.other or ""))
        message = Message(code, {name: hostile(name, how, hostile_text) for name, how in hows.items()})
        with showing_as(Display(language=language)):
            shown = in_words(message)
        assert shown.count(hostile_text) >= sum(
            hostile_text in str(parameter) for parameter in message.parameters.values()
        ), (code, shown)


def hostile(name: str, how: str, hostile_text: str) -> int | str | tuple[str]:
    """Other people's texts, in each place where text can appear."""
    if how in {"quoted", "countries"}:
        return (hostile_text,)
    return 3 if how or name == "n" else hostile_text


@hypothesis.given(name=HOSTILE, language=st.sampled_from(languages()))
@hypothesis.settings(max_examples=300, deadline=None)
def test_no_name_of_others_is_beyond_the_page_that_shows_it(name: str, language: Language) -> None:
    """Also where it went through the database."""
    statement = removal_statement(
        owned=ProtectedMark(name, name),
        reason_code=MARK,
        side=Side.BRAND,
        discovery=Discovery.AUTOMATED,
        bought=False,
        aided=True,
        examined=False,
        source=Source.VOLUNTARY,
        sold_in=("DE",),
    )
    messages = each_from_json(json.loads(json.dumps(each_as_json(statement.filled_fields()))))
    assert messages == statement.filled_fields()
    with showing_as(Display(language=language)):
        assert name in in_words(messages["facts"])
        assert in_words(messages["right"]).count(name) >= 2
        assert all(map(in_words, messages.values()))


def test_the_title_of_a_right_that_reads_like_a_price_is_shown_as_it_is() -> None:
    title = "Hi. , EUR expired on 2026-01-01. x"
    right = message("right.mark", title=title, office="EUIPO", number="1")
    with showing_as(Display(language=Language("es"))):
        assert title in in_words(message("right.ended", right=right, date=date(2026, 1, 1)))


@pytest.mark.parametrize(
    ("language", "long", "late", "old"),
    [
        (Language("en"), "3 d 4 h", "1 d late", "3 y"),
        (Language("zh"), "3天4小时", "已逾期 1天", "3年"),
        (Language("ru"), "3 дн 4 ч", "просрочено на 1 дн", "3 года"),
        (Language("es"), "3d 4h", "con 1d de retraso", "3 años"),
    ],
)
def test_lengths_are_short_in_every_language(language: Language, long: str, late: str, old: str) -> None:
    with showing_as(Display(language=language)):
        lengths = (duration(76 * 3600), due(NOW - timedelta(hours=30), NOW).text, age(1200))
    assert tuple(length.replace("\xa0", " ") for length in lengths) == (long, late, old)


def reader(site: Site, language: Language) -> Visitor:
    save_choice(site.runtime, site.brand_person, Display(), {"language": language})
    return visit_as(site, site.brand_person)


@pytest.mark.parametrize(
    ("language", "waiting_text", "answered", "undone"),
    [
        (Language("zh"), "1 件商品待您答复", "假冒：Aure11e", "已撤回。案件重新开启"),
        (Language("ru"), "1 предложение ждёт вашего ответа", "Контрафакт: Aure11e", "Отозвано. Дело снова открыто"),
        (Language("es"), "1 oferta espera su respuesta", "Falsificación: Aure11e", "Deshecho. El caso vuelve"),
    ],
)
def test_a_brand_answers_and_undoes_in_its_language(
    site: Site, language: Language, waiting_text: str, answered: str, undone: str
) -> None:
    case = a_case(site, CaseLane.ASK_BRAND)
    visitor = reader(site, language)
    page = visitor.get("/brand").text
    assert waiting_text in words(page)
    assert "wait" not in words(page)
    assert visitor.answer(case.case_id, case.version_id, Judgement.COUNTERFEIT).status_code == 303
    assert answered in words(visitor.get("/brand").text).replace(" :", ":")
    assert answered in words(visitor.get("/brand/done").text).replace(" :", ":")
    visitor.post(f"/cases/{case.case_id}/undo")
    assert undone in words(visitor.get("/brand").text)


def test_many_are_confirmed_at_once_in_the_language_of_whoever_confirms(site: Site) -> None:
    a_case(site, CaseLane.ASK_BRAND)
    visitor = reader(site, Language("ru"))
    form = visitor.get("/brand/takedowns").text
    assert "1 предложение, показано целиком" in words(form)
    assert "Товарный знак, перенесённый без документа" not in words(form)
    fields = {**hidden_fields(form), "reason_code": "trademark_counterfeit", "good_faith": "yes"}
    fields |= dict(re.findall(r'name="(listing:[^"]+)" value="([^"]+)"', form))
    assert "Подтвердите, что вы добросовестно считаете" in words(
        visitor.post("/brand/takedowns", {**fields, "good_faith": ""}).text
    )
    answer = words(visitor.get(visitor.post("/brand/takedowns", fields).headers["location"]).text)
    assert "Будет отправлено: 1" in answer


@pytest.mark.parametrize(
    ("language", "question_text", "because"),
    [
        (Language("zh"), "您的“假冒”答复表示什么？", "清仓、退货和二手商品价格低廉，但属正品。"),
        (Language("ru"), "Что означает ваш ответ «контрафакт»?", "Распродажи, возвраты и подержанные вещи"),
        (
            Language("es"),
            "¿Qué dice su respuesta «falsificación»?",
            "Las liquidaciones, devoluciones y artículos usados",
        ),
    ],
)
def test_the_certification_is_asked_and_explained_in_its_reader_s_language(
    site: Site, language: Language, question_text: str, because: str
) -> None:
    visitor = reader(site, language)
    assert question_text in words(visitor.get("/brand/certification").text)
    site.clock.forward(minutes=1)  # The fixture's own attempt is over.
    wrong = {f"q:{question.key}": str((question.right + 1) % len(question.options)) for question in questions()}
    visitor.post("/brand/certification", wrong)
    assert because in words(visitor.get("/brand/certification").text)
    assert "Read why" not in words(visitor.post("/brand/certification", wrong).text)
    assert question_text in words(visitor.post("/brand/certification", {}).text)


@pytest.mark.parametrize(
    ("language", "stands", "seen"),
    [
        (Language("zh"), "您下一次确认的效果", "答复及其结果"),
        (Language("ru"), "Что сделает ваше следующее подтверждение", "Ответы и чем они закончились"),
        (Language("es"), "Qué hará su próxima confirmación", "Las respuestas y qué fue de ellas"),
    ],
)
def test_a_brand_reads_its_standing_and_its_dashboard_in_its_language(
    site: Site, language: Language, stands: str, seen: str
) -> None:
    case = a_case(site, CaseLane.ASK_BRAND)
    visitor = reader(site, language)
    visitor.answer(case.case_id, case.version_id, Judgement.COUNTERFEIT)
    for path, text in (("/brand/standing", stands), ("/brand/dashboard", seen)):
        page = words(visitor.get(path).text)
        assert text in page
        assert not _ENGLISH.search(page), page


def test_a_brand_writes_in_its_language_and_what_it_wrote_stays_as_written(site: Site) -> None:
    visitor = reader(site, Language("ru"))
    assert "Пока ничего не написано." in words(visitor.get("/brand/messages").text)
    form = hidden_fields(visitor.get("/brand/messages").text)
    assert "Сообщение пустое. Ничего не отправлено." in words(
        visitor.post("/brand/messages", {**form, "text": " "}).text
    )
    visitor.post("/brand/messages", {**form, "text": "Nothing was recorded."})
    page = words(visitor.get("/brand/messages").text)
    assert "Отправлено." in page
    assert "Nothing was recorded." in page
    assert "Вашего ответа не ждёт ни один продавец" in words(visitor.get("/counter-notices").text)


def english_words_left(page: str, *data_words: str) -> list[str]:
    """The words of Latin letters in the main part of a page in Chinese, except data."""
    [main] = re.findall(r"<main.*?</main>", page, re.DOTALL)
    read_out = " ".join(re.findall(r'\s(?:aria-label|placeholder|title|data-name)="([^"]*)"', main))
    shown = f"{re.sub('<[^>]*>', ' ', main)} {read_out}"
    for word in (*data_words, "Aurelle", "Bazaar", "API"):
        shown = shown.replace(word, "")
    return re.findall(r"[A-Za-z]{3,}", shown)


def test_a_brand_s_people_are_listed_and_invited_in_their_language(site: Site) -> None:
    colleague = invite(site.runtime, "ana@aurelle.example", "Ana Prieto", Role.BRAND, "Aurelle")
    until = site.clock.now() + timedelta(days=90)
    grant_mandate(site.runtime, NewMandate("Aurelle", colleague.email, "Roche", ("EU",), until), by="test")
    leader = a_leader(site)
    save_choice(site.runtime, leader, Display(), {"language": "zh"})
    visitor = visit_as(site, leader)
    data_words = ("ana@aurelle.example", "Ana Prieto", leader.email, leader.name, "Roche", "new@aurelle.example", "UTC")
    assert english_words_left(visitor.get("/brand/people").text, *data_words) == []
    assert "7 天后失效" in words(visitor.post("/brand/people/invitations", {"email": "new@aurelle.example"}).text)
    assert english_words_left(visitor.get("/brand/people").text, *data_words) == []
    refused = visitor.post("/brand/people/invitations", {"email": leader.email})
    assert f"{leader.email} 已可代表贵品牌。 未作任何更改。" in words(refused.text)
    save_choice(site.runtime, colleague, Display(), {"language": "zh"})
    assert "您的账户只能查看，不能更改。" in words(visit_as(site, colleague).get("/brand/people").text)


def test_a_brand_s_rights_are_claimed_and_withdrawn_in_its_language(site: Site) -> None:
    leader, days = a_leader(site), site.clock.now()
    document = keep_document(site.runtime, "Aurelle", "certificate.pdf", b"%PDF-1.4", by=f"user:{leader.user_id}")
    for number, state, last in (("1", None, 30), ("2", RightState.REFUSED, 900), ("3", RightState.WITHDRAWN, 900)):
        new_right = NewRight(
            "Aurelle",
            RightKind.MARK,
            "Colline",
            "EUIPO",
            number,
            ("EU",),
            (18,),
            None,
            days + timedelta(last),
            document,
        )
        right_id = claim_right(site.runtime, new_right, by=f"user:{leader.user_id}")
        if state is not None:
            settle_rights(site.runtime, site.pair, [right_id], state, note="18", by="test")
    visitor = reader(site, Language("zh"))
    data_words = (
        "Colline",
        "EUIPO",
        "WIPO",
        "certificate",
        "pdf",
        "PDF",
        document,
        "Camille Duval",
        "SHA",
        *_EVERYWHERE,
    )
    page = visitor.get("/brand/rights").text
    assert english_words_left(page, *data_words) == []
    assert "将在 30 天后到期；请及时提交续展证明。" in words(page)
    claim = {"kind": "mark", "title": "Colline", "office": "EUIPO", "number": "1", "territories": "EU"}
    for change, text in (
        ({}, "EUIPO 1的此项商标已登记。 未登记任何权利。"),
        ({"kind": "x"}, "请说明是商标、外观设计还是著作权。"),
        ({"classes": "77"}, "类别须为 1 至 45 的数字。"),
        ({"classes": "x"}, "类别须为数字，例如 18, 25。"),
        ({"title": ""}, "标题须为 1 至 200 个可见字符。"),
        ({"territories": "Mars"}, "'MARS' 不是有效地区"),
        ({"last_day": "soon"}, "日期格式应为 2026-03-01。"),
    ):
        assert text in words(visitor.post("/brand/rights", claim | change).text), text


def test_a_brand_s_list_of_sellers_is_changed_in_its_language(site: Site) -> None:
    a_leader(site)
    visitor = reader(site, Language("zh"))
    site.clock.forward(minutes=1)
    visitor.post("/brand/sellers", {"rows": "shop-1"})
    visitor.post("/brand/sellers/remove", {"seller": "shop-1"})
    data_words = ("shop-1", "shop-2", "maison-brandt", "Camille Duval", *_EVERYWHERE)
    page = visitor.get("/brand/sellers").text
    assert english_words_left(page, *data_words) == []
    assert "曾在名单上的 1 个卖家" in words(page)
    shown = visitor.post("/brand/sellers/preview", {"text": f"shop-2\n{'9' * 201}\n", "whole": "yes"}).text
    assert "新增 1 个，移出 1 个，保持不变 0 个。 1 行被拒绝。" in words(shown)
    assert "编号最多 200 个可见字符。" in words(shown)
    assert english_words_left(shown, *data_words) == []
    for path, fields, text in (
        ("", {"rows": ""}, "请至少填写一个卖家。 未作任何更改。"),
        ("", {"rows": "shop-2", "last_day": "2020-01-01"}, "最后一日已过。"),
        ("/remove", {"seller": "nobody"}, "该卖家不在名单上。"),
        ("/preview", {}, "请选择文件，或粘贴卖家编号，每行一个。"),
    ):
        assert text in words(visitor.post(f"/brand/sellers{path}", fields).text), text


def test_a_brand_s_prices_are_looked_at_and_added_in_its_language(site: Site) -> None:
    a_leader(site)
    visitor = reader(site, Language("zh"))
    table = "model,price,currency,valid_from\nColline,540,EUR,2026-01-01\nPerle,0,EUR,\nPerle,129,EURO,\n,12,EUR,\n"
    rows = f"{table}Perle,x,EUR,\nPerle,-1,EUR,\nPerle,9,EUR,soon\n{'9' * 201},9,EUR,\n"
    columns = ("gtin, mpn, model, category, price, currency, valid_from, source", "model,price,currency")
    data_words = (
        "Colline",
        "EURO",
        "EUR",
        "ISO",
        "TSV",
        "Perle",
        "soon",
        *columns,
        *columns[0].split(", "),
        *_EVERYWHERE,
    )
    shown = visitor.post("/brand/prices/preview", {"text": rows}).text
    assert "接受 1 行。 共形成 1 条记录。 拒绝 7 行。 尚未保存任何内容。" in words(shown)
    assert english_words_left(re.sub("<textarea.*?</textarea>", "", shown, flags=re.DOTALL), *data_words) == []
    visitor.post("/brand/prices", {"rows": '[{"model":"Colline","price":"540","currency":"EUR"}]'})
    page = visitor.get("/brand/prices").text
    assert english_words_left(page, *data_words) == []
    assert "未说明" in words(page)
    assert english_words_left(visitor.get("/brand/prices?naming=9").text, *data_words) == []
    for path, fields, text in (
        ("", {"rows": "{}"}, "预览的行未能传回。请重新选择文件。"),
        ("", {"rows": '[{"model":"Perle","price":"0","currency":"EUR"}]'}, "第 1 行：目录价须有大于零的价格及其币种。"),
        ("/preview", {}, "请选择文件，或粘贴其各行（含列名行）。"),
    ):
        assert text in words(visitor.post(f"/brand/prices{path}", fields).text), text


def test_a_brand_s_indicators_are_tried_and_kept_in_its_language(site: Site) -> None:
    receive_rows(site.runtime, site.marketplace, [a_row(description="With plastic card.")], source="test")
    a_leader(site)
    visitor = reader(site, Language("zh"))
    new = {"label": "Card in the box", "pattern": "plastic card", "direction": "counterfeit", "where": "any"}
    data_words = ("Card in the box", "plastic card", "AURELE", a_row()["title"], *_EVERYWHERE)
    tried = visitor.post("/brand/indicators", {**new, "do": "try", "text": "plastic card"}).text
    assert "与所粘贴文字中的“plastic card”相符。" in words(tried)
    assert "超过半数相符。" in words(tried)
    assert english_words_left(tried, *data_words) == []
    visitor.post("/brand/indicators", new)
    page = visitor.get("/brand/indicators").text
    assert english_words_left(page, *data_words) == []
    assert "有效 1 项，上限 20 项。" in words(page)
    for change, text in (
        ({"pattern": "("}, "无法读取该模式"),
        ({"pattern": "a*"}, "该模式与任何文字都相符，包括空文字。"),
        ({"direction": "x"}, "请说明其指向假货还是贵方正品。"),
        ({"where": "x"}, "请说明在何处查找。"),
        ({"label": ""}, "辨识特征的名称须为至多 200 个可见字符。"),
        ({"last_day": "2020-01-01"}, "辨识特征的结束日须晚于起始日。"),
    ):
        assert text in words(visitor.post("/brand/indicators", new | change).text), text


def test_settings_are_in_the_language_that_they_set(site: Site) -> None:
    visitor = visit_as(site, site.brand_person)
    assert "Your settings" in words(visitor.get("/settings").text)
    visitor.post("/settings", {"language": "es", "letter_keys": "on"})
    zones = re.compile('<select class="in" name="time_zone".*?</select>', re.DOTALL)  # They are called by their places.
    page = words(zones.sub("", visitor.get("/settings").text))
    assert "Guardado. Desde ahora las páginas se muestran así." in page
    assert "Sus ajustes" in page
    assert not _ENGLISH.search(page), page
    twice = {"present": "x", "wanted": "one password", "again": "another password"}
    assert "Ha escrito dos contraseñas nuevas distintas." in words(visitor.post("/settings/password", twice).text)


def test_a_refusal_and_its_way_on_are_in_the_language_of_who_was_refused(site: Site) -> None:
    case = a_case(site, CaseLane.ASK_BRAND)
    refused = reader(site, Language("zh")).answer(case.case_id, "lsv_another", Judgement.GENUINE)
    assert refused.status_code == 409
    text = words(refused.text)
    assert "商品在您加载页面后有变更；请查看当前版本。" in text
    assert "您提交的内容未被记录" in text
    assert "Nothing" not in text


def test_a_page_of_the_staff_is_english_whatever_its_reader_has_chosen(site: Site) -> None:
    a_case(site, CaseLane.ASK_BRAND)
    save_choice(site.runtime, site.analyst, Display(), {"language": "ru"})
    assert not re.search("[а-яё]", words(visit_as(site, site.analyst).get("/queue?lane=ask_brand").text))


def test_what_a_brand_has_on_file_is_shared_in_its_language(site: Site) -> None:
    both = with_two_marketplaces(site)
    mine = put_on_file(both, both.first_pair)
    save_choice(site.runtime, both.lead, Display(), {"language": "zh"})
    visitor, to = visit_as(site, both.lead), {"of": ".".join(both.first_pair), "with": both.souk}
    for page in ("rights", "people", "prices"):
        text = words(visitor.get(f"/brand/{page}").text)
        assert "共享至Souk" in text, page
        assert "Share" not in text, page
    for path in (f"rights/{mine.right_id}", f"agents/{mine.mandate_id}", "prices", "prices"):
        assert "共享" in words(visitor.get(visitor.post(f"/brand/{path}/share", to).headers["location"]).text)
    assert "此项权利已在Souk登记。" in words(visitor.post(f"/brand/rights/{mine.right_id}/share", to).text)
