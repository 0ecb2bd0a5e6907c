"""How the owner of a catalog and its clients talk: whole messages on a loopback socket, both sides known to each other."""

from __future__ import annotations

import hmac
import os
import select
import socket
import struct
import weakref
from typing import Final

GREETING_SECONDS: Final = 5.0
"""How long each side waits for the other to say who it is."""
_LENGTH: Final = struct.Struct(">Q")
_NONCE: Final = 32
_LONGEST_GREETING: Final = 64
_LONGEST: Final = 1 << 40


class Line:
    """One end of a connection. A message is a length and that many bytes."""

    def __init__(self, end: socket.socket, seconds: float = GREETING_SECONDS) -> None:
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        end.settimeout(seconds)
        self._socket = end
        self.close = weakref.finalize(self, end.close)

    def send(self, message: bytes) -> None:
        """Send one message.

        Raises:
            OSError: nobody is there any more.
        """
        self._socket.sendall(_LENGTH.pack(len(message)) + message)

    def receive(self, longest: int = _LONGEST) -> bytes:
        """Wait for one message.

        Raises:
            OSError: nobody is there any more, or the message is longer than that.
        """
        (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size))
        if length > longest:
            raise ConnectionError("that is none of our messages")
        return self._exactly(length)

    def hears(self, seconds: float) -> bool:
        """Wait until something arrives or the other end is closed; False if neither happens in time."""
        watch = select.poll()
        watch.register(self._socket, select.POLLIN)
        return bool(watch.poll(seconds * 1000))

    def deafen(self) -> None:
        """Take in no more messages. Who waits for one is told that there is none; what is on its way out still goes."""
        self._socket.shutdown(socket.SHUT_RD)

    def admit(self, token: str) -> None:
        """Let the other side in if it knows the token, and prove to it that we do.

        Raises:
            OSError: it does not, or says nothing in time.
        """
        ours = os.urandom(_NONCE)
        self.send(ours)
        said = self.receive(_LONGEST_GREETING)
        theirs = said[:_NONCE]
        _hold(said[_NONCE:], _proof(token, b"client", ours, theirs))
        self.send(_proof(token, b"owner", ours, theirs))
        self._socket.settimeout(None)

    def enter(self, token: str) -> None:
        """The client's part of `admit`.

        Raises:
            OSError: whoever listens there does not know the token, or says nothing in time.
        """
        theirs, ours = self.receive(_LONGEST_GREETING), os.urandom(_NONCE)
        self.send(ours + _proof(token, b"client", theirs, ours))
        _hold(self.receive(_LONGEST_GREETING), _proof(token, b"owner", theirs, ours))
        self._socket.settimeout(None)

    def _exactly(self, count: int) -> bytes:
        got = bytearray(count)
        rest = memoryview(got)
        while rest:
            arrived = self._socket.recv_into(rest)
            if not arrived:
                raise ConnectionError("the other end is closed")
            rest = rest[arrived:]
        return bytes(got)


def _proof(token: str, role: bytes, owners: bytes, clients: bytes) -> bytes:
    """What only who knows the token can say of these two nonces. The token itself never travels."""
    return hmac.digest(token.encode(), role + owners + clients, "sha256")


def _hold(said: bytes, proof: bytes) -> None:
    if not hmac.compare_digest(said, proof):
        raise ConnectionError("the other side does not know the token")
