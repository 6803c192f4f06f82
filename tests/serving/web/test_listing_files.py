"""A file of anybody's columns is uploaded, shown, corrected and imported."""

import re
from collections.abc import Mapping
from io import BytesIO

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import select

from serving.accounts.rules.access import Role
from serving.accounts.service import provisioning
from serving.accounts.service.provisioning import NewPerson
from serving.accounts.store import accounts
from serving.jobs.worker import sweep
from serving.listings.rules import FileState
from serving.listings.service.listing_files import LARGEST_FILE
from serving.listings.store import listing_files
from serving.listings.store.listing_files import ListingFile
from serving.listings.tables import listing_file, listing_version
from tests.fixtures.runtimes import PASSWORD, Site, invite
from tests.serving.web.visits import Visitor, visit_as, words

ROWS = "ref;name;cost;maker;shop_id\n1;Replica watch 1:1;49,90;Corvale;s1\n2;Belt;1.234,00;Corvale;s2\n3;;;;\n"


@pytest.fixture
def admin(any_site: Site) -> Visitor:
    return visit_as(any_site, invite(any_site.runtime, "ada@touchstone.example", "Ada", Role.ADMIN))


def upload(admin: Visitor, content: str | bytes = ROWS, name: str = "a.csv") -> str:
    """The address of the uploaded file's page."""
    sent = content.encode() if isinstance(content, str) else content
    form = {"csrf_token": admin.csrf_token}
    answer = admin.client.post("/files", data=form, files={"file": (name, sent)}, headers=admin.headers)
    assert answer.status_code == 303, words(answer.text)
    return str(answer.headers["location"])


def chosen(page: str) -> dict[str, str]:
    """The fields of the form as the page shows them."""
    return {
        name: next(iter(re.findall(r"<option selected>([^<]+)", options)), "")
        for name, options in re.findall(r'<select[^>]* name="(field-\d+)">(.*?)</select>', page, re.DOTALL)
    }


def the_file(site: Site, address: str) -> ListingFile:
    return site.read(listing_files.file, site.marketplace_id, address.rpartition("/")[2])


def imported(site: Site, admin: Visitor, address: str, **changed: str) -> Mapping[str, str]:
    """Import a draft with the fields that its page shows and these; returns those."""
    fields = {**chosen(admin.get(address).text), "currency": "EUR", **changed}
    assert admin.post(address, {**fields, "act": "import"}).status_code == 303
    for _ in range(4):
        sweep(site.runtime)
    return fields


def test_a_file_is_shown_as_it_would_be_read_corrected_and_imported(any_site: Site, admin: Visitor) -> None:
    address = upload(admin)
    page = admin.get(address).text
    assert chosen(page) == {
        "field-0": "", "field-1": "title", "field-2": "price", "field-3": "brand", "field-4": "seller.external_id"
    }  # fmt: skip
    corrected = imported(any_site, admin, address, **{"field-0": "external_id"})
    file = the_file(any_site, address)
    assert (file.state, file.rows, file.accepted, file.refused) == (FileState.IMPORTED, 3, 2, 1)
    assert "3 rows read: 2 new or changed, 0 known already, 1 refused." in words(admin.get(address).text)
    with any_site.runtime.store.read() as connection:
        contents = connection.execute(select(listing_version.c.content)).scalars().all()
        (content,) = connection.execute(select(listing_file.c.content)).scalars()
    assert sorted((row["price"], row["brand"]) for row in contents) == [("1234.00", "Corvale"), ("49.90", "Corvale")]
    assert content is None, "deleted with its last row"
    assert chosen(admin.get(upload(admin)).text) == {name: corrected[name] for name in chosen(page)}, "and kept"


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.csv", b" ", "Choose a file that is not empty."),
        ("a.exe", b"MZ", "The file's name must end in .csv"),
        ("a.parquet", b"PAR1", "Not a readable Parquet file"),
        ("a.ndjson", b"no\n", "The file has no row that can be read."),
        ("a.csv", b"x" * (LARGEST_FILE + 1), "at most 4,500,000 bytes"),
        ("a.csv", b",".join(b"c%d" % i for i in range(201)) + b"\n" + b"1," * 200 + b"1\n", "at most 200 columns"),
    ],
    ids=["empty", "another kind", "damaged", "no row", "too large", "too wide"],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_reason(site: Site, name: str, content: bytes, why: str) -> None:
    admin = visit_as(site, invite(site.runtime, "ada@touchstone.example", "Ada", Role.ADMIN))
    form = {"csrf_token": admin.csrf_token}
    answer = admin.client.post("/files", data=form, files={"file": (name, content)}, headers=admin.headers)
    assert answer.status_code == 422
    assert why in words(answer.text)
    assert "No files uploaded yet" in words(answer.text)


def test_a_choice_that_cannot_be_is_named_and_nothing_is_imported(site: Site) -> None:
    admin = visit_as(site, invite(site.runtime, "ada@touchstone.example", "Ada", Role.ADMIN))
    address = upload(admin, "a;b\nWatch;5\n")
    assert "No column is known as title" in words(admin.get(address).text)
    for fields, why in (
        ({"field-0": "title", "field-1": "title"}, "cannot both be title"),
        ({"field-0": "colour"}, "is no field of a listing"),
        ({"field-0": "title", "currency": "EURO"}, "EURO is no currency"),
        ({"field-0": "brand"}, "Choose the field of a column."),
    ):
        answer = admin.post(address, {**fields, "act": "import"})
        assert answer.status_code == 422, fields
        assert why in words(answer.text)
    assert the_file(site, address).state is FileState.DRAFT
    shown = admin.post(address, {"field-0": "title", "act": "show"})
    assert "Watch" in words(shown.text), "shown, not imported"
    assert the_file(site, address).state is FileState.DRAFT


def test_a_parquet_file_a_feed_and_the_sample_are_read(site: Site) -> None:
    admin = visit_as(site, invite(site.runtime, "ada@touchstone.example", "Ada", Role.ADMIN))
    out = BytesIO()
    pq.write_table(pa.table({"id": ["1"], "title": ["Watch"], "price": [5.5]}), out)
    feed = b"<rss><channel><item><id>2</id><title>Belt</title><price>5 EUR</price><availability>in stock</availability>"
    feed += b"<link>https://a.example/2</link></item></channel></rss>"
    sample = admin.post("/files", {"sample": "yes"}).headers["location"]
    for address, rows in (
        (upload(admin, out.getvalue(), "a.parquet"), 1),
        (upload(admin, feed, "a.xml"), 1),
        (sample, 40),
    ):
        imported(site, admin, address)
        assert (the_file(site, address).accepted, the_file(site, address).refused) == (rows, 0), address


def test_a_fault_in_the_middle_keeps_the_rows_before_it_and_says_so(site: Site) -> None:
    admin = visit_as(site, invite(site.runtime, "ada@touchstone.example", "Ada", Role.ADMIN))
    feed = b"<rss><channel>" + b"".join(b"<item><id>%d</id><title>Belt</title></item>" % i for i in range(1_200))
    address = upload(admin, feed, "a.xml")
    imported(site, admin, address)
    file = the_file(site, address)
    assert (file.state, file.accepted) == (FileState.UNREADABLE, 1_000)
    assert "Not well-formed XML" in words(admin.get(address).text)


def test_a_draft_that_nobody_imports_is_deleted_after_a_day(site: Site) -> None:
    admin = visit_as(site, invite(site.runtime, "ada@touchstone.example", "Ada", Role.ADMIN))
    address = upload(admin)
    site.clock.forward(hours=23)
    sweep(site.runtime)
    assert admin.get(address).status_code == 200
    site.clock.forward(hours=2)
    sweep(site.runtime)
    assert visit_as(site, site.analyst).get(address).status_code == 403
    assert site.read(listing_files.latest, site.marketplace_id, 9) == []


def test_an_administrator_of_another_marketplace_sees_no_file(site: Site) -> None:
    address = upload(visit_as(site, invite(site.runtime, "ada@touchstone.example", "Ada", Role.ADMIN)))
    provisioning.add_marketplace(site.runtime, name="Souk", base_currency="EUR", by="test")
    bo = NewPerson("bo@touchstone.example", "Bo", Role.ADMIN, marketplace="Souk", password=PASSWORD)
    user_id, _ = provisioning.add_person(site.runtime, bo, by="test")
    other = visit_as(site, site.read(accounts.person, user_id))
    assert other.get(address).status_code == 404
    assert other.post(address, {"act": "import"}).status_code == 404
    assert "No files uploaded yet" in words(other.get("/files").text)
