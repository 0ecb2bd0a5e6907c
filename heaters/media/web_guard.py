"""What a process that downloads may do: reach public addresses, write into one folder, and start no program.

The rules hold below every library, by an audit hook of the interpreter: it sees the numeric address of each connection at
the moment it is made, so that redirects, manifests and names that resolve to something else the second time are covered.
Libraries that connect in C would not be seen; who guards a process keeps them from being imported.
"""

from __future__ import annotations

import ipaddress
import os
import sys
from pathlib import Path
from typing import Any, Final

_SPECIAL: Final = tuple(ipaddress.ip_network(block) for block in (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
    "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
    "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
))  # fmt: skip
"""IANA's special-purpose registries for IPv4 and, within 2000::/3, for IPv6: private, shared, loopback, link-local, protocol
assignments, documentation, benchmarks, multicast, reserved, and tunnels that carry an IPv4 address inside (Teredo, 6to4)."""
_GLOBAL_IPV6: Final = ipaddress.IPv6Network("2000::/3")
"""All that IANA has given out. Addresses that IPv4 is mapped or translated into (::ffff:0:0/96, 64:ff9b::/96) are outside."""
_ISATAP: Final = (0x00005EFE, 0x02005EFE)
_PROGRAMS: Final = frozenset({
    "subprocess.Popen", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.startfile", "os.system", "pty.spawn",
})  # fmt: skip
_SENDING: Final = frozenset({"socket.bind", "socket.sendmsg", "socket.sendto"})
_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Forbidden(PermissionError):
    """A guarded process tried what it may not; libraries take it for a file or program that can't be had."""


class ForbiddenAddress(Exception):
    """A guarded process was led to an address that it may not reach; no OSError, since libraries try those again."""


class Guard:
    """The rules, and what was refused.

    Attributes:
        refused: addresses that were not connected to, in order.
    """

    def __init__(self, folder: Path | None, *, allow_private: bool) -> None:
        self.refused: list[str] = []
        self._folder = None if folder is None else folder.resolve()
        self._allow_private = allow_private

    def install(self) -> None:
        """Hold this process to the rules until it ends; an audit hook can't be taken away."""
        sys.addaudithook(self._look)

    def _look(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.connect":
            self._check_address(arguments[1])
        elif event == "open":
            self._check_file(arguments[0], arguments[2])
        elif event in _PROGRAMS or event in _SENDING:
            raise Forbidden(f"a download may not do this: {event}")

    def _check_address(self, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) and address else None
        if not isinstance(host, str) or not is_numeric(host) or not (self._allow_private or is_public(host)):
            self.refused.append(str(host))
            raise ForbiddenAddress(f"{host} is no public address")

    def _check_file(self, path: Any, flags: Any) -> None:
        if not isinstance(flags, int) or not flags & _WRITING or isinstance(path, int):
            return
        file = Path(os.fsdecode(path)).resolve()
        if str(file) != os.devnull and (self._folder is None or file.parent != self._folder):
            raise Forbidden(f"a download may not write {file}")


def is_numeric(host: str) -> bool:
    """Tell whether a host is an address in its one plain spelling, so that connecting to it looks up nothing more."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_public(host: str) -> bool:
    """Tell whether a numeric address belongs to somebody on the internet, and to no network of ours.

    >>> is_public("93.184.215.14"), is_public("169.254.169.254"), is_public("::ffff:93.184.215.14")
    (True, False, False)
    """
    address = ipaddress.ip_address(host)
    if isinstance(address, ipaddress.IPv6Address) and (
        address not in _GLOBAL_IPV6 or address.scope_id or (int(address) >> 32) & 0xFFFFFFFF in _ISATAP
    ):
        return False
    return not any(address in block for block in _SPECIAL if block.version == address.version)
