"""An address is read by allowlists; invalid parts are ignored and reported."""

import pytest

from models.case import CaseLane
from serving.cases.store.queues import Lease, Order, Sort
from serving.web.queue.filters import ignored_sentence
from serving.web.queue.queue_query import NO_BRAND, FilterName, QueueQuery, ScoreBand

EVERYTHING = QueueQuery(
    lane=CaseLane.AUDIT,
    page=3,
    brand="brd_01",
    marketplace="mkt_01",
    language=("ru", "zh-Hant"),
    harm=1234.5,
    age=3,
    due=0,
    seller="shop & söhne/7",
    score=ScoreBand(0.5, 0.95),
    lease=Lease.FREE,
    relist=True,
    sort=Order(Sort.DUE, descending=True),
)


def test_the_address_of_a_query_reads_back_as_the_query() -> None:
    _, _, text = EVERYTHING.address(3).partition("?")
    assert QueueQuery.of(text) == EVERYTHING
    assert QueueQuery.of(text).ignored == ()
    assert QueueQuery().address() == "/queue"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("", QueueQuery()),
        ("lane=audit&page=3", QueueQuery(CaseLane.AUDIT, 3)),
        ("page=0", QueueQuery()),
        ("page=9999", QueueQuery(page=1000)),
        ("language=zh&language=ru", QueueQuery(language=("ru", "zh"))),
        ("brand=none", QueueQuery(brand=NO_BRAND)),
        ("due=overdue", QueueQuery(due=0)),
        ("due=8", QueueQuery(due=8)),
        ("score=60-100", QueueQuery(score=ScoreBand(60, 100))),
        ("seller=+shop-1+", QueueQuery(seller="shop-1")),
        ("brand=&harm=&seller=", QueueQuery()),
    ],
)
def test_what_is_on_the_list_is_read(text: str, read: QueueQuery) -> None:
    assert QueueQuery.of(text) == read
    assert QueueQuery.of(text).ignored == ()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("lane=nothing", "lane"),
        ("lane=audit'+OR+1=1", "lane"),
        ("page=-1", "page"),
        ("page=99999999999", "page"),
        ("page=%D9%A3", "page"),
        ("brand=brd_1%00", "brand"),
        ("language=" + ",".join(f"a{chr(97 + i)}" for i in range(13)), "language"),
        ("language=%3Cscript%3E", "language"),
        ("harm=nan", "expected harm"),
        ("harm=-5", "expected harm"),
        ("harm=1e9", "expected harm"),
        ("age=0", "age"),
        ("due=soon", "due time"),
        ("seller=a%00b", "seller"),
        ("seller=%ED%A0%80%01", "seller"),
        ("seller=" + "x" * 201, "seller"),
        ("score=0.9-0.2", "score"),
        ("score=0-1000", "score"),
        ("lease=hers", "lease"),
        ("relist=no", "relist"),
        ("sort=title", "order"),
        ("sort=--due", "order"),
    ],
)
def test_what_is_not_on_the_list_is_ignored_and_named(text: str, named: str) -> None:
    query = QueueQuery.of(text)
    assert query == QueueQuery()
    assert ignored_sentence(query) == f"The value of {named} in the address is not valid. The queue ignores it."


def test_a_field_that_nobody_knows_is_not_repeated() -> None:
    assert ignored_sentence(QueueQuery.of("evil=<b>")) == "A filter in the address is not valid. The queue ignores it."


def test_an_address_however_long_is_read_to_an_end() -> None:
    assert QueueQuery.of("lane=audit&" + "&".join(["seller=x"] * 100_000)).lane is CaseLane.AUDIT


def test_one_filter_is_taken_off_and_the_others_stay() -> None:
    fewer = EVERYTHING.without(FilterName.SELLER)
    assert fewer.seller is None
    assert (fewer.brand, fewer.score, fewer.page) == (EVERYTHING.brand, EVERYTHING.score, 1)


def test_a_lane_alone_is_no_filter() -> None:
    assert not QueueQuery(CaseLane.AUDIT, 2).filtered
    assert QueueQuery(due=0).filtered


def test_a_column_sorts_in_its_usual_direction_first_and_then_in_the_other() -> None:
    query = QueueQuery(brand="brd_1", page=3)
    assert query.sorted_by(Sort.DUE).address() == "/queue?brand=brd_1&sort=due"
    assert query.sorted_by(Sort.DUE).sorted_by(Sort.DUE).address() == "/queue?brand=brd_1&sort=-due"
    assert query.sorted_by(Sort.SCORE).address() == "/queue?brand=brd_1&sort=-score"
    assert query.sorted_by(Sort.HARM).sorted_by(Sort.HARM).address() == "/queue?brand=brd_1", "harm is the usual order"
