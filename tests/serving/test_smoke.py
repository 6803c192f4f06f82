from serving.usecases.intake import RowStatus, receive
from tests.fixtures.listings import a_row, a_suspect_row
from tests.fixtures.runtimes import Site


def test_an_honest_and_a_suspect_row_come_in(any_site: Site) -> None:
    answers = receive(any_site.runtime, any_site.marketplace, [a_row(), a_suspect_row()], source="test")
    assert [answer.status for answer in answers] == [RowStatus.ACCEPTED, RowStatus.ACCEPTED]
