import csv
import re
from importlib.resources import files
from time import process_time
from typing import Any

import hypothesis.strategies as st
import pytest
import re2
from hypothesis import given, settings

from features import lexicon
from features.fold import fold
from features.lexicon import Kind, LexiconEntry
from features.prefilter import loosen
from tests.fixtures.lexicon import SAMPLES
from tests.fixtures.strategies import MIXED, PROPERTY

ENTRIES = lexicon.entries()


def kinds(title: str) -> set[Kind]:
    return {phrase_match.kind for phrase_match in lexicon.find_phrases(fold(title), where="title", raw=title.lower())}


def strong(title: str) -> set[Kind]:
    return {
        phrase_match.kind
        for phrase_match in lexicon.find_phrases(fold(title), where="title")
        if phrase_match.specificity == "strong"
    }


def test_the_lexicon_has_about_four_hundred_rows_in_many_languages() -> None:
    assert len(ENTRIES) >= 390
    assert len({phrase.language for phrase in ENTRIES}) >= 19


def test_every_kind_of_wording_has_rows() -> None:
    assert {phrase.kind for phrase in ENTRIES} == set(Kind)


def test_every_row_has_its_source() -> None:
    text = files("features").joinpath("data/lexicon.tsv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
    assert [row["term"] for row in rows if len(row["source"].strip()) < 10] == []


def test_every_row_has_a_known_strength() -> None:
    assert {phrase.specificity for phrase in ENTRIES} == {"strong", "combination", "weak"}


def test_the_samples_follow_the_rows() -> None:
    assert [term for term, _ in SAMPLES] == [phrase.term for phrase in ENTRIES]


def test_every_pattern_finds_its_sample() -> None:
    pairs = zip(ENTRIES, (sample for _, sample in SAMPLES), strict=True)
    assert [e.term for e, sample in pairs if not e.pattern.search(sample if e.reads_raw else fold(sample))] == []


def test_every_sample_reaches_its_row_through_the_prefilter() -> None:
    """Where a trap covers the sample, the trap was reached."""
    missed = []
    for phrase, (_, sample) in zip(ENTRIES, SAMPLES, strict=True):
        text, raw = ("", sample) if phrase.reads_raw else (fold(sample), None)
        if not {phrase_match.kind for phrase_match in lexicon.find_phrases(text, where="title", raw=raw)} & {
            Kind.TRAP,
            phrase.kind,
        }:
            missed.append(phrase.term)
    assert missed == []


@pytest.mark.parametrize("every", [10, pytest.param(1, marks=pytest.mark.soak)])
def test_no_match_of_a_pattern_lacks_all_its_literals(every: int) -> None:
    for phrase in ENTRIES[::every]:
        _literals_hold(phrase)


def _literals_hold(phrase: LexiconEntry) -> None:
    @settings(PROPERTY, max_examples=5)
    @given(st.from_regex(phrase.pattern))
    def holds(text: str) -> None:
        assert any(literal in text for literal in phrase.literals or ("",)), (phrase.term, text)

    holds()


@pytest.mark.parametrize("every", [10, pytest.param(1, marks=pytest.mark.soak)])
def test_every_match_of_a_pattern_passes_the_filter(every: int) -> None:
    """Matches are generated with characters of all planes; none of them is lost beside a character of any kind."""
    for phrase in ENTRIES[::every]:
        _passes(phrase)


def _passes(phrase: LexiconEntry) -> None:
    @settings(PROPERTY, max_examples=5)
    @given(st.from_regex(phrase.pattern), st.from_regex(phrase.pattern, fullmatch=True))
    def passes(text: str, alone: str) -> None:
        for sample in (text, alone, *(f"{character}{alone}{character}" for character in "éя高٣_ ́\u200b🔥 -")):
            if phrase.pattern.search(sample):
                assert re2.search(loosen(phrase.pattern.pattern), sample), (phrase.term, sample)

    passes()


def test_the_filter_of_all_patterns_says_what_each_alone_says() -> None:
    """Its states fit the memory that it has, in texts of every language and in nonsense."""
    texts = [fold(sample) for _, sample in SAMPLES]
    for text in (*texts, " ".join(texts), "".join(texts), "".join(map(chr, range(0x20, 0xD800)))):
        matching = [e for e in ENTRIES if not e.reads_raw and e.pattern.search(text)]
        possible = [lexicon.folded_entries()[number] for number in lexicon._folded_filter().possible(text)]
        assert [phrase for phrase in possible if phrase.pattern.search(text)] == matching


BOUNDARIES = [
    (r"\bfor\b", "for é", "an ASCII letter at a boundary"),
    (r"\bкопия\b", "это копия", "RE2 knows no boundary beside a Cyrillic letter"),
    (r"\b(?:a|é)\b", "- é -", "an accented letter at the boundary"),
    (r"\ba?é", " é", "the plain letter is optional"),
    (r"\+\b", "+é", "a sign before an accented letter"),
    (r"[a-z]\b", "a é", "a class at a boundary"),
    (r"\w\b", "é ", "any letter at a boundary"),
    (r"^[^\w]{0,3}a", "、a", "signs at the start"),
    (r"[a$]\u0431{3,12}", "$бббб", "a sign in a class, a code point, a long repeat"),
    (r"x(?:/|$)", "x", "the end of the text"),
]


@pytest.mark.parametrize(("pattern", "text", "_why"), BOUNDARIES)
def test_a_loosened_pattern_matches_wherever_the_pattern_does(pattern: str, text: str, _why: str) -> None:
    assert re.search(pattern, text)
    assert re2.search(loosen(pattern), text)


def test_an_escape_of_uncertain_meaning_is_refused() -> None:
    with pytest.raises(ValueError, match="lexicon pattern"):
        loosen(r"\d{2}")


FOUND = [
    ("Aurelle bag high quality replica", Kind.GRADE),
    ("Aurelle tote 1:1 mirror quality", Kind.GRADE),
    ("inspired by Aurelle", Kind.INSPIRED),
    ("100% authentic guaranteed", Kind.AUTHENTICITY),
    ("Aurelle bag no box", Kind.DOCUMENTS),
    ("contact us on whatsapp", Kind.CONTACT),
    ("factory direct", Kind.FACTORY),
    ("N1ke shoes", Kind.EVASION),
    ("高仿包", Kind.GRADE),
    ("原单 正品", Kind.FACTORY),
    ("加微信 看图", Kind.CONTACT),
    ("люкс копия сумка", Kind.GRADE),
    ("реплика часов", Kind.GRADE),
    ("réplica AAA", Kind.GRADE),
    ("bolso réplica calidad espejo", Kind.GRADE),
]


@pytest.mark.parametrize(("title", "kind"), FOUND, ids=[row[0] for row in FOUND])
def test_wording_of_a_kind_is_found(title: str, kind: Kind) -> None:
    assert kind in kinds(title)


# By kind in seventeen languages, as a seller might write it; kinds for which a language has no row are left out.
BY_LANGUAGE = [
    ("en", "Aurelle bag mirror quality, 100% authentic, no box, factory direct, dm on WhatsApp", "GAPFC"),
    ("zh", "奥蕾尔 高仿 原单 正品保证 无发票 加微信", "GAPFC"),
    ("zh-hant", "奧蕾爾 高仿 復刻", "G"),
    ("ru", "сумка люкс копия, оригинал 100%, без коробки, сток с фабрики, пишите в телеграм", "GAPC"),
    ("es", "bolso réplica AAA, 100% original, sin factura, escríbeme al WhatsApp, inspirado en Aurelle", "GAPCI"),
    ("pt", "bolsa primeira linha inspirado em Aurelle, 100% original, sem nota, chama no zap", "GAPCI"),
    ("de", "Tasche Nachbau, 100% Original, ohne Rechnung, inspiriert von Aurelle", "GAPI"),
    ("fr", "sac qualité miroir, 100% authentique, sans facture, inspiré de Aurelle", "GAPI"),
    ("it", "borsa taroccata replica, originale 100%, senza scontrino, catalogo WhatsApp, ispirato a Aurelle", "GAPCI"),
    ("pl", "torebka replika, 100% oryginał, wycięte metki, inspirowane, sprzedaż pozasalonowa", "GAPIF"),
    ("tr", "çakma çanta, %100 orijinal, kutusuz, muadil, ihraç fazlası", "GAPIF"),
    ("id", "tas KW super, 100% original, chat WA, sisa ekspor", "GACF"),
    ("vi", "túi rep 1:1, auth 100%, zalo, hàng VNXK", "GACF"),
    ("ja", "スーパーコピー バッグ N級品 確実正規品 鑑定書なし", "GAP"),
    ("ko", "미러급 가방 레플리카 정품 보증 풀박스 카톡 문의", "GAPC"),
    ("ar", "شنطة هاي كوبي أصلي 100% واتساب", "GAC"),
    ("th", "กระเป๋า งานก๊อป เกรดมิลเลอร์ ของแท้ 100%", "GA"),
    ("hi-latn", "bag first copy 100% asli, without bill", "GAP"),
]
_INITIALS = {
    "G": Kind.GRADE,
    "A": Kind.AUTHENTICITY,
    "P": Kind.DOCUMENTS,
    "F": Kind.FACTORY,
    "C": Kind.CONTACT,
    "I": Kind.INSPIRED,
}


@pytest.mark.parametrize(("_why", "text", "initials"), BY_LANGUAGE)
def test_wording_is_found_by_kind_in_many_languages(_why: str, text: str, initials: str) -> None:
    assert {_INITIALS[letter] for letter in initials} - kinds(text) == set()


def test_wording_of_every_kind_has_rows_of_its_own_in_several_languages() -> None:
    languages = {kind: {phrase.language for phrase in ENTRIES if phrase.kind is kind} for kind in Kind}
    assert len(languages[Kind.GRADE]) >= 17
    assert min(len(kind_languages) for kind, kind_languages in languages.items()) >= 6


def test_no_row_whose_wording_nobody_has_checked_is_a_reason_alone() -> None:
    text = files("features").joinpath("data/lexicon.tsv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    assert [r["term"] for r in rows if r["source"].startswith("inferred") and r["specificity"] == "strong"] == []


SLOGANS = ["Sp5der hoodie pink", "A$AP Rocky tee", "4tune cap", "F*ck tee", "A-COLD-WALL* hoodie"]


@pytest.mark.parametrize("title", SLOGANS)
def test_a_name_or_slogan_that_is_spelt_so_evades_nothing(title: str) -> None:
    assert Kind.EVASION not in kinds(title)


HONEST = [
    "Aurelle Colline tote in grained leather, grey",
    "Leather wallet, brown, 12 card slots",
    "Women's running shoes size 39",
    "Сумка женская кожаная",
    "女士真皮手提包",
    "Bolso de piel marrón",
]


@pytest.mark.parametrize("title", HONEST)
def test_an_ordinary_title_has_no_strong_wording(title: str) -> None:
    assert strong(title) == set()


NEGATED = [
    ("no replica", "en"),
    ("this is not a replica", "en, three words before"),
    ("beware of replica", "en"),
    ("не реплика", "ru"),
    ("никаких реплик", "ru"),
    ("sin réplica", "es"),
    ("no es réplica", "es, two words before"),
    ("拒绝高仿", "zh"),
    ("非高仿", "zh"),
    ("不是高仿", "zh, a character between"),
    ("ohne Replika", "de, right before"),
    ("kein Replika", "de"),
    ("pas une réplique", "fr"),
    ("non è una replica", "it"),
    ("não é réplica", "pt"),
    ("nie jest to replika", "pl"),
    ("replika değil", "tr, behind the word"),
    ("bukan replika", "id"),
    ("tidak replika", "id, Malay"),
    ("không phải hàng fake", "vi"),
    ("レプリカではありません", "ja, behind the word"),
    ("레플리카 아닙니다", "ko, behind the word"),
    ("ليست نسخة طبق الأصل", "ar"),
    ("ไม่ใช่ของปลอม", "th"),
    ("first copy nahi hai", "Hindi, behind the word"),
]


@pytest.mark.parametrize(("title", "_language"), NEGATED, ids=[row[0] for row in NEGATED])
def test_a_warning_is_no_listing(title: str, _language: str) -> None:
    assert Kind.GRADE not in kinds(title)


LACKING = [
    "no box, replica AAA",
    "sin caja, réplica AAA",
    "sem caixa réplica AAA",
    "without box 1:1 replica",
    "без коробки, реплика",
]


@pytest.mark.parametrize("title", LACKING)
def test_what_is_lacking_denies_nothing_else(title: str) -> None:
    assert Kind.GRADE in kinds(title)


NO_IN_TEN_LANGUAGES = [
    ("en", "Aurelle bag, no cheap replica", True, "no such thing"),
    ("es", "bolso de piel, no es réplica", True, "is not"),
    ("es", "no vendo réplicas, todo con factura", True, "I do not sell"),
    ("it", "borsa con scontrino, no replica", True, "no such thing"),
    ("fr", "sac neuf avec facture, no replica", True, "borrowed from English"),
    ("de", "Tasche mit Rechnung, no Replika", True, "borrowed from English"),
    ("pl", "torebka z paragonem, no replika", True, "borrowed from English"),
    ("tr", "çanta faturalı, no replika", True, "borrowed from English"),
    ("id", "tas original, no replika", True, "borrowed from English"),
    ("vi", "túi áo đẹp, no replica", True, "borrowed from English"),
    ("pt", "réplica no estojo original", False, "in the original case, behind the word"),
    ("pt", "relógio no estojo, réplica AAA", False, "in the case"),
    ("pt", "no tamanho grande réplica", False, "in the large size"),
    ("pt", "bolsa no estojo, primeira linha", False, "wording of Portuguese alone"),
    ("pt", "no estojo, não réplica", True, "not"),
    ("pt", "no estojo sem réplica", True, "without"),
    ("pt", "Linda caixa. No replica", True, "another sentence is Portuguese, this one need not be"),
]


@pytest.mark.parametrize(
    ("_language", "title", "denied", "_why"), NO_IN_TEN_LANGUAGES, ids=[row[1] for row in NO_IN_TEN_LANGUAGES]
)
def test_no_denies_but_where_it_is_portuguese_for_in_the(_language: str, title: str, denied: bool, _why: str) -> None:
    assert (Kind.GRADE not in kinds(title)) is denied


@pytest.mark.parametrize(("language", "text", "_initials"), BY_LANGUAGE, ids=[row[0] for row in BY_LANGUAGE])
def test_only_portuguese_reads_as_portuguese(language: str, text: str, _initials: str) -> None:
    assert bool(lexicon._PORTUGUESE.search(fold(text))) is (language == "pt")


def test_rows_of_other_languages_do_not_make_a_no_portuguese() -> None:
    others = [fold(sample) for phrase, (_, sample) in zip(ENTRIES, SAMPLES, strict=True) if phrase.language != "pt"]
    assert [sample for sample in others if lexicon._PORTUGUESE.search(sample)] == []


def test_a_negation_reaches_no_further_than_three_words() -> None:
    assert Kind.GRADE in kinds("not for small children under twelve replica")


def test_a_negation_ends_with_its_sentence() -> None:
    assert kinds("No returns. Replica bag") == {Kind.GRADE}
    assert kinds("no returns, replica bag") == set()


def test_a_negation_cancels_one_hit_and_not_the_next() -> None:
    assert Kind.GRADE in kinds("no replica of the dial but a watch that is a replica")


def test_a_trap_cancels_the_hit_that_it_covers() -> None:
    assert kinds("Replica jersey home 2024") == {Kind.TRAP}


def test_a_trap_cancels_every_hit_that_it_covers() -> None:
    assert kinds("Replica jersey home, replica jersey away") == {Kind.TRAP}


def test_a_trap_does_not_cancel_a_hit_beside_it() -> None:
    assert kinds("Replica jersey, watch is a replica") == {Kind.TRAP, Kind.GRADE}


@PROPERTY
@given(MIXED)
def test_a_trap_and_only_a_trap_or_a_negation_takes_a_match_away(text: str) -> None:
    """The definition, without the prefilter: every match of every row that no trap covers and no negation cancels."""
    folded = fold(text)
    traps = spans(folded, {Kind.TRAP})
    documents = [span for span in spans(folded, {Kind.DOCUMENTS}) if is_offered(folded, span, traps, [])]
    expected = {
        phrase.term
        for phrase in ENTRIES
        if not phrase.reads_raw
        and any(
            phrase.kind is Kind.TRAP
            or is_offered(folded, match.span(), traps, [] if phrase.kind is Kind.DOCUMENTS else documents)
            for match in phrase.pattern.finditer(folded)
        )
    }
    assert {phrase_match.term for phrase_match in lexicon.find_phrases(folded, where="title")} == expected


Span = tuple[int, int]


def spans(folded: str, kinds: set[Kind]) -> list[Span]:
    all_matches = [e.pattern.finditer(folded) for e in ENTRIES if e.kind in kinds and not e.reads_raw]
    return [match.span() for matches in all_matches for match in matches]


def sentence(folded: str, span: Span) -> str:
    """The words of the sentence around a span, 80 characters on either side at most."""
    start, end = span
    ends = [i for i, letter in enumerate(folded) if letter in ".!?;"]
    first = max([i + 1 for i in ends if i < start] + [start - 80, 0])
    return folded[first : min([i for i in ends if i >= end] + [end + 80, len(folded)])]


def is_offered(folded: str, span: Span, traps: list[Span], documents: list[Span]) -> bool:
    """Covered by no trap, and negated neither by a free word before it nor by one after it."""
    start, end = span
    if any(low <= start and end <= high for low, high in traps) or lexicon._NEGATED_AFTER.match(folded, end):
        return False
    reach = max(0, start - 40)
    before = lexicon._NEGATION.search(folded[reach:start])
    if before is not None and before["no"] and lexicon._PORTUGUESE.search(sentence(folded, span)):
        before = lexicon._PORTUGUESE_NEGATION.search(folded[reach:start])
    return before is None or any(low <= reach + before.start() < high for low, high in documents)


TRICKS = [
    ("gu\u200bcci bag", "a zero-width space inside a word"),
    ("YЕЕZY slides".replace("ЕЕ", "\u0415\u0415"), "Cyrillic letters inside a Latin word"),
    ("𝙉𝙀𝙒 bag", "mathematical letters"),
    ("M간Y bag", "a Korean letter inside a Latin word"),
]


@pytest.mark.parametrize(("title", "_why"), TRICKS)
def test_a_spelling_trick_is_seen_in_the_raw_title(title: str, _why: str) -> None:
    assert Kind.EVASION in kinds(title)


def test_full_width_letters_are_no_trick() -> None:
    """East Asian keyboards write them."""
    assert Kind.EVASION not in kinds("ＮＩＫＥ shoes")


def test_a_spelling_trick_is_looked_for_in_titles_only() -> None:
    text = "gu\u200bcci bag"
    assert lexicon.find_phrases(fold(text), where="description", raw=text) == ()


def test_a_shape_such_as_digits_in_a_word_counts_in_titles_only() -> None:
    assert Kind.EVASION not in {phrase_match.kind for phrase_match in lexicon.find_phrases("n1ke", where="description")}


def test_a_hit_quotes_the_words_as_they_stand_in_the_text() -> None:
    (phrase_match,) = (
        h for h in lexicon.find_phrases("top quality replica watch", where="title") if h.specificity == "strong"
    )
    assert (phrase_match.words, phrase_match.where) == ("top quality replica", "title")


def test_a_row_hits_once_however_often_it_occurs() -> None:
    assert len(lexicon.find_phrases("replica " * 50, where="description")) == len(
        lexicon.find_phrases("replica", where="description")
    )


# Linear patterns. What could backtrack is refused by its shape, which no fast machine hides; then it is run.


def _repeats(parsed: Any) -> list[tuple[bool, Any]]:
    """(unbounded, body) of every repeat in a parsed pattern, at any depth."""
    repeats: list[tuple[bool, Any]] = []
    for operator, argument in parsed:
        name = str(operator)
        if name in {"MAX_REPEAT", "MIN_REPEAT"}:
            repeats.append((int(argument[1]) > 1_000, argument[2]))
            repeats.extend(_repeats(argument[2]))
        elif name == "SUBPATTERN":
            repeats.extend(_repeats(argument[-1]))
        elif name == "BRANCH":
            repeats.extend(repeat for branch in argument[1] for repeat in _repeats(branch))
    return repeats


def test_no_pattern_repeats_a_repeat_without_bound() -> None:
    nested = []
    for phrase in ENTRIES:
        parsed = re._parser.parse(phrase.pattern.pattern)  # type: ignore[attr-defined]  # the tree is not public
        if any(_repeats(body) for endless, body in _repeats(parsed) if endless):
            nested.append(phrase.term)
    assert nested == []


def test_no_pattern_looks_around_or_back() -> None:
    assert [e.term for e in ENTRIES if re.search(r"\(\?<?[=!]|\(\?P=|\\[1-9]", e.pattern.pattern)] == []


def hostile_texts(phrase: LexiconEntry, length: int) -> list[str]:
    """Texts that almost match, again and again."""
    parts = [
        *phrase.literals[:3],
        *(literal[:-1] for literal in phrase.literals[:2]),
        "a",
        "a ",
        "1",
        "1 ",
        "1:",
        "高",
        "-a",
    ]
    return [(part * (length // len(part) + 1))[:length] for part in parts if part]


@pytest.mark.soak
def test_hostile_texts_take_no_pattern_longer_than_many_simple_scans() -> None:
    """The slowest takes six times as long as the simple scan; `[a-z]+!`, which is quadratic, eight hundred times."""
    simple = re.compile("[0-9]{2}[a-f]{2}[0-9]zz")
    slow = {
        phrase.term: times
        for phrase in ENTRIES
        if (times := _seconds(phrase.pattern, texts := hostile_texts(phrase, 100_000)) / _seconds(simple, texts)) > 100
    }
    assert slow == {}


def _seconds(pattern: re.Pattern[str], texts: list[str]) -> float:
    """Processor time of one search of each text, so that a busy machine does not count."""
    began = process_time()
    for text in texts:
        sum(1 for _ in pattern.finditer(text))
    return max(process_time() - began, 1e-5)


_SPANS = st.tuples(st.integers(0, 30), st.integers(1, 8)).map(lambda at: (at[0], at[0] + at[1]))


@PROPERTY
@given(st.lists(_SPANS, max_size=8), _SPANS)
def test_the_spans_of_traps_give_the_same_as_one_by_one(spans: list[tuple[int, int]], span: tuple[int, int]) -> None:
    start, end = span
    assert lexicon._Spans(spans).cover(start, end) == any(a <= start and end <= b for a, b in spans)
