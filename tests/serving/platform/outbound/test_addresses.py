import socket
from typing import Any

import pytest

from models.errors import Invalid
from serving.platform.outbound.addresses import check_url, is_loopback, is_public, resolve

PUBLIC = [
    "93.184.216.34",
    "1.1.1.1",
    "172.15.255.255",  # The last before a private network.
    "172.32.0.1",  # The first after it.
    "2606:4700:4700::1111",
    "::ffff:93.184.216.34",  # IPv4 written as IPv6.
]
NOT_PUBLIC = [
    ("127.0.0.1", "this machine"),
    ("127.255.255.254", "this machine, by its last name"),
    ("0.0.0.0", "this machine, on Linux"),  # noqa: S104  # refused, not bound
    ("10.0.0.1", "private"),
    ("172.16.0.1", "private"),
    ("172.31.255.255", "private"),
    ("192.168.1.1", "private"),
    ("169.254.169.254", "the metadata service of a cloud"),
    ("169.254.0.1", "link-local"),
    ("100.64.0.1", "behind a carrier's translation"),
    ("100.100.100.200", "the metadata service of another cloud"),
    ("192.0.0.8", "protocol assignments"),
    ("192.0.0.170", "protocol assignments"),
    ("192.0.2.1", "documentation"),
    ("198.51.100.1", "documentation"),
    ("203.0.113.1", "documentation"),
    ("198.18.0.1", "benchmarks"),
    ("192.88.99.1", "an old relay to IPv6"),
    ("224.0.0.1", "multicast"),
    ("240.0.0.1", "reserved"),
    ("255.255.255.255", "broadcast"),
    ("::1", "this machine"),
    ("::", "unspecified"),
    ("::127.0.0.1", "this machine as an IPv4-compatible address"),
    ("::10.0.0.1", "private as an IPv4-compatible address"),
    ("::ffff:127.0.0.1", "this machine, mapped"),
    ("::ffff:169.254.169.254", "metadata, mapped"),
    ("::ffff:a00:1", "private, mapped, in hexadecimal"),
    ("::ffff:0:127.0.0.1", "this machine, translated (SIIT)"),
    ("64:ff9b::7f00:1", "this machine through NAT64"),
    ("64:ff9b:1::7f00:1", "this machine through a local NAT64"),
    ("2002:7f00:1::", "this machine through 6to4"),
    ("2001:0:7f00:1::", "Teredo"),
    ("fe80::1", "link-local"),
    ("fe80::1%eth0", "link-local with a zone"),
    ("fc00::1", "private"),
    ("fd00:ec2::254", "the metadata service of a cloud"),
    ("fec0::1", "site-local, given up and still routed by some"),
    ("ff02::1", "multicast"),
    ("100::1", "discarded"),
    ("2001:db8::1", "documentation"),
    ("3fff::1", "documentation"),
    ("5f00::1", "segment routing"),
]


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_open_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(("address", "why"), NOT_PUBLIC)
def test_an_address_of_a_machine_or_network_of_ones_own_is_not(address: str, why: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    ("address", "expected"),
    [("127.0.0.1", True), ("::1", True), ("10.0.0.1", False), ("0.0.0.0", False)],  # noqa: S104
)
def test_loopback_is_this_machine_and_no_network(address: str, expected: bool) -> None:
    assert is_loopback(address) is expected


@pytest.mark.parametrize(
    "url", ["https://hooks.bazaar.example", "https://hooks.bazaar.example:8443/in?a=b", "HTTPS://A.B"]
)
def test_an_https_address_may_be_registered(url: str) -> None:
    check_url(url, allow_loopback=False)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8322/hooks", "http://localhost:1/", "http://[::1]:1/", "https://[::1]/"]
)
def test_http_to_the_machine_itself_is_for_those_who_asked_for_it(url: str) -> None:
    check_url(url, allow_loopback=True)


REFUSED_URLS = [
    ("http://hooks.bazaar.example/", "must begin with https", "not encrypted"),
    ("ftp://hooks.bazaar.example/", "must begin with https", "another protocol"),
    ("file:///etc/passwd", "has a host", "a file"),
    ("gopher://hooks.bazaar.example/", "must begin with https", "a protocol that speaks any other"),
    ("//hooks.bazaar.example/", "must begin with https", "no protocol"),
    ("hooks.bazaar.example", "has a host", "only a name"),
    ("", "has a host", "nothing"),
    ("https://", "has a host", "no host"),
    ("https:///in", "has a host", "no host, a path"),
    ("https://user:secret@hooks.bazaar.example/", "no user name", "credentials, which end up in logs"),
    ("https://hooks.bazaar.example@127.0.0.1/", "no user name", "a host that reads like another"),
    ("https://@127.0.0.1/", "no user name", "an empty user name"),
    ("https://hooks.bazaar.example\\@127.0.0.1/", "no user name", "a host that parsers disagree on"),
    ("https://hooks.bazaar.example:70000/", "not an address", "no such port"),
    ("https://hooks.bazaar.example:port/", "not an address", "no port"),
    ("https://[::1", "not an address", "half an IPv6 address"),
    ("https://hooks.bazaar.example/a b", "ASCII", "a blank"),
    ("https://hooks.bazaar.example/\r\nx-header: 1", "ASCII", "a line break, which could begin a header"),
    ("https://hooks.bazaar.example/\t", "ASCII", "a tab, which parsers drop"),
    ("https://hooks.bazaar.example/\0", "ASCII", "NUL, which no database holds"),
    ("https://bücher.example/", "xn--", "letters that a Host header cannot carry"),
    ("https://１２７.0.0.1/", "xn--", "digits that become others"),
    (f"https://hooks.bazaar.example/{'a' * 2_000}", "at most 2,000", "longer than its column"),
]


@pytest.mark.parametrize(("url", "sentence", "why"), REFUSED_URLS)
def test_what_is_no_endpoint_is_refused_before_its_name_is_looked_up(
    monkeypatch: pytest.MonkeyPatch, url: str, sentence: str, why: str
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", _never)
    for check in (check_url, resolve):
        with pytest.raises(Invalid, match=sentence):
            check(url, allow_loopback=False)


def _never(*_arguments: object, **_options: object) -> list[Any]:
    raise AssertionError("a name was looked up")


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1/",
        "http://bazaar.example/",
        "http://127.0.0.1.bazaar.example/",  # Only its beginning looks like this machine.
        "http://localhost.bazaar.example/",
    ],
)
def test_allowing_loopback_allows_no_other_http(url: str) -> None:
    with pytest.raises(Invalid, match="must begin with https"):
        check_url(url, allow_loopback=True)


HOSTS = [
    ("127.0.0.1", "in full"),
    ("127.1", "short"),
    ("2130706433", "decimal"),
    ("0x7f000001", "hexadecimal"),
    ("0x7f.1", "hexadecimal and short"),
    ("0177.0.0.1", "octal"),
    ("0", "zero"),
    ("10.0.0.1", "private"),
    ("169.254.169.254", "metadata"),
    ("[::1]", "IPv6"),
    ("[::ffff:127.0.0.1]", "mapped"),
    ("[fd00:ec2::254]", "IPv6 metadata"),
]


@pytest.mark.parametrize(("host", "why"), HOSTS)
def test_a_number_that_leads_inside_is_refused_however_it_is_written(host: str, why: str) -> None:
    with pytest.raises(Invalid, match="not a public address"):
        resolve(f"https://{host}/", allow_loopback=False)


@pytest.mark.parametrize("host", ["10.0.0.1", "169.254.169.254", "[fd00:ec2::254]"])
def test_allowing_loopback_allows_no_other_address_inside(host: str) -> None:
    with pytest.raises(Invalid, match="not a public address"):
        resolve(f"https://{host}/", allow_loopback=True)


class Names:
    """A name server's successive answers; it counts its queries."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers = list(answers)
        self.query_count = 0

    def __call__(self, _host: str, port: int, **_options: object) -> list[Any]:
        self.query_count += 1
        addresses = self._answers.pop(0)
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (["127.0.0.1"], "a name of one's own for this machine"),
        (["93.184.216.34", "10.0.0.1"], "one of several would do for an attack"),
        (["::ffff:10.0.0.1"], "mapped"),
    ],
)
def test_a_name_that_leads_inside_is_refused(monkeypatch: pytest.MonkeyPatch, answer: list[str], why: str) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", Names(answer))
    with pytest.raises(Invalid, match=r"hooks\.bazaar\.example leads to"):
        resolve("https://hooks.bazaar.example/", allow_loopback=False)


def test_a_name_is_looked_up_once_and_the_checked_address_is_the_one_that_is_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = Names(["93.184.216.34"], ["127.0.0.1"])
    monkeypatch.setattr(socket, "getaddrinfo", names)
    target = resolve("https://hooks.bazaar.example/in?a=b#part", allow_loopback=False)
    assert (target.url, target.host, target.header) == (
        "https://93.184.216.34:443/in?a=b",
        "hooks.bazaar.example",
        "hooks.bazaar.example",
    )
    assert names.query_count == 1


def test_the_port_is_kept_for_the_call_and_for_the_header(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", Names(["2606:4700::1111"]))
    target = resolve("https://hooks.bazaar.example:8443", allow_loopback=False)
    assert target.url == "https://[2606:4700::1111]:8443/"
    assert (target.host, target.header) == ("hooks.bazaar.example", "hooks.bazaar.example:8443")


def test_a_name_that_nobody_has_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", Names([]))
    with pytest.raises(Invalid, match=r"The host hooks\.bazaar\.example cannot be found"):
        resolve("https://hooks.bazaar.example/", allow_loopback=False)


@pytest.mark.parametrize("host", ["a..example", f"{'a' * 64}.example"])
def test_a_name_that_cannot_be_one_is_told_as_such(host: str) -> None:
    with pytest.raises(Invalid, match="cannot be found"):
        resolve(f"https://{host}/", allow_loopback=False)
