"""The addresses that a webhook may reach, checked on the address of the connection itself."""

import ipaddress
import socket
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from models.errors import Invalid

# Networks that some Python versions call global, but where no receiver can be: a relay from IPv6 to IPv4,
# old relays, carriers' networks, protocol assignments, documentation.
_REFUSED_NETWORKS: Final = tuple(
    ipaddress.ip_network(network)
    for network in ("2002::/16", "192.88.99.0/24", "100.64.0.0/10", "192.0.0.0/24", "3fff::/20")
)
# All of IPv6 that IANA assigns to the open Internet; translations to IPv4 and reserved networks lie outside.
_GLOBAL_UNICAST: Final = ipaddress.ip_network("2000::/3")
_LONGEST: Final = 2_000


@dataclass(frozen=True, slots=True)
class Target:
    """A checked destination: the URL with the address in place of the name, and the name for TLS and Host."""

    url: str
    host: str
    header: str


def is_public(address: str) -> bool:
    """Whether an address belongs to the open Internet.

    >>> is_public("93.184.216.34"), is_public("::ffff:127.0.0.1"), is_public("169.254.169.254")
    (True, False, False)
    """
    ip = ipaddress.ip_address(address)
    mapped = getattr(ip, "ipv4_mapped", None)
    if mapped is not None:
        ip = mapped
    if not ip.is_global or ip.is_multicast or ip.is_unspecified:
        return False
    if ip.version == _GLOBAL_UNICAST.version and ip not in _GLOBAL_UNICAST:
        return False
    return not any(ip.version == network.version and ip in network for network in _REFUSED_NETWORKS)


def is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address).is_loopback


def check_url(url: str, *, allow_loopback: bool) -> None:
    """Refuse an address that cannot be a webhook endpoint, without a name lookup.

    Raises Invalid (not https (or http to this machine where allowed), with credentials in it, or not plain ASCII).
    """
    if len(url) > _LONGEST or not (url.isascii() and url.isprintable()) or " " in url:
        raise Invalid(
            "An address has at most {most:,} ASCII characters; write others as %-codes or xn--.", most=_LONGEST
        )
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise Invalid("This is not an address.") from None
    if not host or parts.username is not None or parts.password is not None:
        raise Invalid("An address has a host and no user name or password.")
    local = host in {"localhost", "127.0.0.1", "::1"}
    if parts.scheme == "https" or (parts.scheme == "http" and local and allow_loopback):
        return
    raise Invalid("An address must begin with https://; http:// is for --allow-loopback only.")


def resolve(url: str, *, allow_loopback: bool) -> Target:
    """Look the host up once and pin the checked address, so that a checkup cannot replace it.

    Raises Invalid (the address is not public, nor this machine where allowed; or there is no such host).
    """
    check_url(url, allow_loopback=allow_loopback)
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        records = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # UnicodeError: a label is empty or too long.
        raise Invalid("The host {host} cannot be found.", host=host) from None
    addresses = [str(record[4][0]) for record in records]
    for address in addresses:
        if not (is_public(address) or (allow_loopback and is_loopback(address))):
            raise Invalid("{host} leads to {name}, which is not a public address.", host=host, name=address)
    shown = f"[{addresses[0]}]" if ":" in addresses[0] else addresses[0]
    pinned = urlunsplit((parts.scheme, f"{shown}:{port}", parts.path or "/", parts.query, ""))
    return Target(pinned, host, parts.netloc)
