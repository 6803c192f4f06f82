"""Pictures come from the marketplace's own hosts alone, are pictures, and are bounded."""

import shutil
from pathlib import Path

import pytest

from models.errors import Invalid
from serving.composition import open_runtime
from serving.platform.outbound.line import Failure
from serving.platform.outbound.pictures import MOST_BYTES, Picture, Pictures, hosts_of
from serving.platform.settings import Settings
from tests.fixtures.picture_host import JPEG, PNG, a_picture_host

ADDRESSES = [
    ("https://cdn.market.example/1.png", True, "the host that was named"),
    ("https://CDN.Market.example/1.png", True, "hosts have no case"),
    ("https://a.img.example/1.png", True, "below a name with a star"),
    ("https://a.b.img.example/1.png", True, "far below it"),
    ("https://img.example/1.png", False, "a star stands for at least one name"),
    ("https://evilimg.example/1.png", False, "a name that only ends so"),
    ("https://cdn.market.example.evil.test/1.png", False, "a name that only begins so"),
    ("https://evil.test/cdn.market.example/1.png", False, "the host in the path"),
    ("https://evil.test/?at=cdn.market.example", False, "the host in the query"),
    ("https://cdn.market.example@evil.test/1.png", False, "the host as a user name"),
    ("https://a:b@cdn.market.example/1.png", False, "with a password"),
    ("https://cdn.market.example:8443/1.png", False, "another port"),
    ("https://ports.example:8443/1.png", True, "the port that was named"),
    ("https://ports.example/1.png", False, "a port was named, and this is another"),
    ("https://cdn.market.example:443/1.png", True, "the port of https"),
    ("https://own.example/1.png", True, "the port of https, though it was named"),
    ("http://[::1]:8000/1.png", True, "the machine itself, as it was named"),
    ("http://cdn.market.example/1.png", False, "anybody on the way reads it"),
    ("file:///etc/passwd", False, "no host at all"),
    ("//cdn.market.example/1.png", False, "no scheme"),
    ("data:image/png;base64,AAAA", False, "no address"),
    ("https://[::1/1.png", False, "no address either"),
    ("https://cdn.market.example:99999999/1.png", False, "no port"),
    ("http://169.254.169.254/latest/meta-data", False, "a cloud's own address"),
]


@pytest.mark.parametrize(("address", "right", "_why"), ADDRESSES)
def test_a_picture_is_loaded_from_the_hosts_that_were_named(address: str, right: bool, _why: str) -> None:
    pictures = Pictures(hosts_of("cdn.market.example, *.img.example,ports.example:8443,own.example:443,[::1]:8000"))
    assert pictures.may_load(address) is right
    if not right:
        assert isinstance(pictures.load(address), Failure)


def test_nothing_is_loaded_where_no_host_was_named() -> None:
    assert not Pictures(hosts_of("")).may_load("https://cdn.market.example/1.png")


@pytest.mark.parametrize(
    "text", ["https://cdn.example", "cdn.example/path", "a b", "*", "*.", "*.*.example", "me@cdn.example", "cdn:x", "é"]
)
def test_a_setting_that_names_no_host_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="is no host"):
        hosts_of(f"cdn.market.example,{text}")


ANSWERS = [
    ((200, "image/png", PNG), Picture("image/png", PNG), "a picture"),
    ((200, "text/html", JPEG), Picture("image/jpeg", JPEG), "its bytes say what it is, not its host"),
    ((200, "image/png", b"<svg onload=alert(1)>"), "no picture", "a drawing can run what it holds"),
    ((200, "image/png", b"<html><script>alert(1)</script>"), "no picture", "a page"),
    ((200, "image/png", b""), "no picture", "nothing"),
    ((200, "image/png", PNG + bytes(MOST_BYTES)), "more than", "too large"),
    ((302, "image/png", b""), "302", "a redirect would lead anywhere"),
    ((404, "text/html", b""), "404", "gone"),
]


@pytest.mark.parametrize(("sent", "expected", "_why"), ANSWERS)
def test_what_a_host_sends_is_a_picture_or_nothing(
    sent: tuple[int, str, bytes], expected: Picture | str, _why: str
) -> None:
    with a_picture_host({"/1.png": sent, "/right.png": (200, "image/png", PNG)}) as host:
        loaded = Pictures(hosts_of(host.name)).load(f"{host.address}/1.png")
        if isinstance(expected, Picture):
            assert loaded == expected
        else:
            assert isinstance(loaded, Failure)
            assert expected in loaded.sentence
        assert [path for path, _ in host.requested_paths] == ["/1.png"]


def test_a_host_is_told_nothing_of_who_looks() -> None:
    with a_picture_host({"/1.png": (200, "image/png", PNG)}) as host:
        Pictures(hosts_of(host.name)).load(f"{host.address}/1.png")
    _, headers = host.requested_paths[0]
    assert set(headers) <= {"host", "user-agent", "accept", "accept-encoding", "connection"}
    assert headers["user-agent"] == "touchstone-pictures/1"


def test_a_name_that_leads_inside_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = [(2, 1, 6, "", ("10.0.0.7", 443))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_args, **_more: answer)
    loaded = Pictures(hosts_of("cdn.market.example")).load("https://cdn.market.example/1.png")
    assert isinstance(loaded, Failure)
    assert "not a public address" in loaded.sentence


def test_production_loads_nothing_of_the_machine_itself(tmp_path: Path, migrated_sqlite: Path) -> None:
    shutil.copyfile(migrated_sqlite, tmp_path / "touchstone.sqlite")
    settings = Settings(home=tmp_path, picture_hosts="cdn.market.example", production=True)
    for host in ("127.0.0.1:8000", "localhost", "LOCALHOST:80"):
        with pytest.raises(Invalid, match="machine itself"):
            open_runtime(settings.model_copy(update={"picture_hosts": f"cdn.market.example,{host}"}), migrated=True)
    open_runtime(settings, migrated=True).close()
