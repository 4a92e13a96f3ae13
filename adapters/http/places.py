"""Which places of a network a provider may be at."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

Address = IPv4Address | IPv6Address

EMBEDDING: Final = tuple(
    IPv6Network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "::ffff:0:0:0/96", "::/96")
)
"""IPv4 addresses are the ends of these: NAT64, by RFC 6052 and 8215, SIIT, and the oldest way."""
GLOBAL: Final = IPv6Network("2000::/3")
"""All that is given out of IPv6."""
TELLING: Final = frozenset(
    ip_address(text)
    for text in ("168.63.129.16", "100.100.100.200", "192.0.0.192", "fd00:ec2::254")
)
"""Where clouds tell a machine its own secrets, besides the link-local addresses: Azure, Alibaba,
Oracle, and AWS over IPv6."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where connections may lead. `allows_private` opens this machine and networks of one's own,
    never what only serves to look inside a machine. On `own_port` this server itself listens."""

    allows_private: bool
    allows_public: bool = True
    own_port: int | None = None


def why_refused(text: str, places: Places) -> str | None:
    """What is wrong with an address, or None."""
    address = _meant(ip_address(text.partition("%")[0]))
    if address.is_link_local or address in TELLING:
        return "it is an address at which machines tell their secrets"
    if address.is_multicast or address.is_unspecified or _is_broadcast(address):
        return "it is no address of one machine"
    if _is_public(address) and not places.allows_public:
        return "it is a public address, and http without TLS is not allowed to those"
    if not _is_public(address) and not places.allows_private:
        return "it is a private address, and those are not allowed here"
    return None


def is_loopback(text: str) -> bool:
    return _meant(ip_address(text.partition("%")[0])).is_loopback


def _meant(address: Address) -> Address:
    """IPv4 addresses may be written as IPv6: mapped, embedded, by 6to4 and Teredo."""
    if isinstance(address, IPv4Address) or address.is_loopback or address.is_unspecified:
        return address
    if any(address in network for network in EMBEDDING):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None) or address


def _is_public(address: Address) -> bool:
    return address.is_global and (isinstance(address, IPv4Address) or address in GLOBAL)


def _is_broadcast(address: Address) -> bool:
    return isinstance(address, IPv4Address) and address.is_reserved
