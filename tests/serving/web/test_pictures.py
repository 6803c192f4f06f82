"""Pictures of a listing, only for people who may judge its case; off until hosts are named."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import httpx
import pytest

from models.case import CaseLane
from serving.app import create_app
from serving.platform.outbound.pictures import Pictures, hosts_of
from tests.fixtures.picture_host import PNG, PictureHost, a_picture_host
from tests.fixtures.runtimes import Site, a_case
from tests.serving.web.visits import a_visitor, hidden_fields, visit_as


@pytest.fixture
def host() -> Iterator[PictureHost]:
    """A marketplace's host of pictures."""
    with a_picture_host({"/1.png": (200, "image/png", PNG)}) as host:
        yield host


@pytest.fixture
def showing_site(site: Site, host: PictureHost) -> Site:
    """A site that loads pictures from that host."""
    return replace(site, runtime=replace(site.runtime, pictures=Pictures(hosts_of(host.name))))


def links(host: PictureHost) -> list[str]:
    """A listing's pictures: one at the marketplace, one missing there, and one at a foreign host."""
    return [f"{host.address}/1.png", "https://pictures.evil.example/2.png", f"{host.address}/gone.png"]


def test_pictures_are_counted_and_not_loaded_until_hosts_are_named(site: Site, host: PictureHost) -> None:
    case = a_case(site, image_link=links(host))
    visitor = visit_as(site, site.analyst)
    page = visitor.get(f"/cases/{case.case_id}").text
    assert "3 pictures at the marketplace, not loaded" in page
    assert "<img" not in page
    assert visitor.get(f"/cases/{case.case_id}/pictures/0").status_code == 404
    assert host.requested_paths == []


def test_who_judges_a_case_sees_its_pictures_through_the_service(showing_site: Site, host: PictureHost) -> None:
    case = a_case(showing_site, CaseLane.ASK_BRAND, image_link=links(host))
    looked_at = ((showing_site.analyst, f"/cases/{case.case_id}"), (showing_site.brand_person, "/brand"))
    for person, page in (*looked_at, (showing_site.brand_person, "/brand/takedowns")):
        visitor = visit_as(showing_site, person)
        shown = visitor.get(page).text
        assert f'<img src="/cases/{case.case_id}/pictures/0" alt="Picture 1/3"' in shown
        assert f"/cases/{case.case_id}/pictures/1" not in shown
        answer = visitor.get(f"/cases/{case.case_id}/pictures/0")
        assert (answer.status_code, answer.content) == (200, PNG)
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("number", "_why"),
    [
        ("1", "another's host"),
        ("2", "gone from its host"),
        ("3", "there are three"),
        ("-1", "none is before the first"),
        ("9" * 30, "no number of a picture"),
    ],
)
def test_what_is_no_picture_of_the_marketplaces_is_not_found(
    showing_site: Site, host: PictureHost, number: str, _why: str
) -> None:
    case = a_case(showing_site, image_link=links(host))
    assert (
        visit_as(showing_site, showing_site.analyst).get(f"/cases/{case.case_id}/pictures/{number}").status_code == 404
    )


def test_nobody_else_sees_a_picture(showing_site: Site, host: PictureHost) -> None:
    case = a_case(showing_site, image_link=links(host))
    address = f"/cases/{case.case_id}/pictures/0"
    assert visit_as(showing_site, showing_site.brand_person).get(address).status_code == 404, "the brand was not asked"
    assert a_visitor(showing_site).get(address).status_code == 303
    assert visit_as(showing_site, showing_site.data_scientist).get(address).status_code == 403
    assert host.requested_paths == []


def test_cases_that_are_decided_together_show_their_pictures(showing_site: Site, host: PictureHost) -> None:
    case = a_case(showing_site, image_link=links(host))
    shown = visit_as(showing_site, showing_site.analyst).get(f"/cases/bulk?case={case.case_id}").text
    assert f'<img src="/cases/{case.case_id}/pictures/0"' in shown


def test_a_host_that_never_answers_keeps_nobody_else_waiting(site: Site) -> None:
    """More requests for its pictures arrive at once than threads serve pages."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=64)) as deaf:
        name = f"127.0.0.1:{deaf.getsockname()[1]}"
        waiting = replace(site, runtime=replace(site.runtime, pictures=Pictures(hosts_of(name))))
        case = a_case(waiting, image_link=[f"http://{name}/{i}.png" for i in range(6)])
        visitor = visit_as(waiting, waiting.analyst)
        cookie = "; ".join(f"{name}={cookie_value}" for name, cookie_value in visitor.client.cookies.items())
        headers = {**visitor.headers, "cookie": cookie}

        async def ask() -> int:
            transport = httpx.ASGITransport(create_app(waiting.runtime))
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as client:
                addresses = [f"/cases/{case.case_id}/pictures/{i % 6}" for i in range(50)]
                pictures = [asyncio.create_task(client.get(address)) for address in addresses]
                await asyncio.sleep(1)
                page = await client.get("/queue")
                assert not any(task.done() for task in pictures), "each waits for the host"
                for task in pictures:
                    task.cancel()
                return page.status_code

        assert asyncio.run(ask()) == 200
        waiting.runtime.pictures.close()


def test_a_question_of_a_brand_is_previewed_with_its_pictures(showing_site: Site, host: PictureHost) -> None:
    case = a_case(showing_site, CaseLane.ASK_BRAND, image_link=links(host))
    brand = visit_as(showing_site, showing_site.brand_person)
    fields = {**hidden_fields(brand.get("/brand/takedowns").text), "reason_code": "trademark_counterfeit"}
    fields[f"listing:{case.case_id}"] = case.version_id
    assert f"/cases/{case.case_id}/pictures/0" in brand.post("/brand/takedowns/preview", fields).text
