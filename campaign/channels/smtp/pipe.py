"""Bytes to and from a relay over one socket that never blocks, in clear or under TLS.

TLS runs over memory (`SSLObject` on two BIOs): a non-blocking `SSLSocket.send` cannot tell how much of a record has left,
and that is what decides between "not delivered" and "nobody knows".
"""

from __future__ import annotations

import socket
import ssl
from errno import EINPROGRESS

from campaign.channels.smtp.wire import MAX_LINE, MAX_LINES, Address, LineError

_READ = 16_384  # octets at a time: one record of TLS


class Pipe:
    """`put` takes bytes, `flush` writes what fits, `pull` reads what is there; all raise LineError when the line is lost."""

    def __init__(self, address: Address) -> None:
        family, kind, protocol, _, where = address
        self._out = bytearray()
        self._left = 0  # octets that the system took
        self._connecting = True
        self._tls: ssl.SSLObject | None = None
        self._shaken = False
        self._from_relay, self._to_relay = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.rest = b""  # read, not yet used
        self._socket = socket.socket(family, kind, protocol)
        self._socket.setblocking(False)
        # small writes follow each other: none shall wait for an acknowledgement
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if (error := self._socket.connect_ex(where)) not in (0, EINPROGRESS):
            self.close()
            raise LineError(f"the relay cannot be reached ({error})")
        self.fileno = self._socket.fileno()

    @property
    def waiting(self) -> int:
        """Octets that were put and have not left."""
        return len(self._out)

    @property
    def wants_out(self) -> bool:
        """Whether there is something to do as soon as the socket can be written to."""
        return self._connecting or bool(self._out)

    def connected(self) -> bool:
        if self._connecting:
            if error := self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                raise LineError(f"the relay cannot be reached ({error})")
            try:
                self._socket.getpeername()
            except OSError:
                return False
            self._connecting = False
        return True

    @property
    def mark(self) -> int:
        """The place behind all that was put: while `has_left(mark)` is False, nothing put later can be read there."""
        return self._left + len(self._out)

    def put(self, data: bytes) -> None:
        """Takes data to be written. Under TLS each put is a record of its own or several."""
        if self._tls is None:
            self._out += data
            return
        view = memoryview(data)
        try:
            while view:
                view = view[self._tls.write(view) :]
        except ssl.SSLError as error:
            raise LineError("the line was lost while writing") from error
        self._out += self._to_relay.read()

    def has_left(self, mark: int) -> bool:
        return self._left > mark

    def flush(self) -> None:
        try:
            while self._out:
                taken = self._socket.send(self._out)
                self._left += taken
                del self._out[:taken]
        except BlockingIOError:
            return  # the rest when the relay reads on
        except OSError as error:
            raise LineError("the line was lost while writing") from error

    def pull(self) -> None:
        try:
            data = self._socket.recv(_READ)
        except BlockingIOError:
            return
        except OSError as error:
            raise LineError("the line was lost while waiting") from error
        if not data:
            raise LineError("the relay hung up")
        if self._tls is None:
            self.rest += data
        else:
            self._from_relay.write(data)
            if self._shaken:
                self._decrypt(self._tls)
                self._out += self._to_relay.read()  # an answer to a change of keys
        if len(self.rest) > MAX_LINES * MAX_LINE:
            raise LineError("the relay's answer has no end")

    def line(self) -> bytes | None:
        """The next line without its end; None where it is not all there yet."""
        line, end, rest = self.rest.partition(b"\n")
        if len(line) > MAX_LINE:
            raise LineError("the relay's answer has no end")
        if not end:
            return None
        self.rest = rest
        return line

    def secure(self, context: ssl.SSLContext, host: str) -> None:
        """From here on everything is encrypted; `shaken` must be True before the first put."""
        self._tls = context.wrap_bio(self._from_relay, self._to_relay, server_hostname=host)

    def shaken(self) -> bool:
        """The next step of the handshake; whether it is done. Raises ssl.SSLError where the relay cannot be believed."""
        assert self._tls is not None  # noqa: S101 - secure() comes first
        try:
            self._tls.do_handshake()
            self._shaken = True
        except ssl.SSLWantReadError:
            pass
        finally:
            self._out += self._to_relay.read()  # also the alert that says why
            self.flush()
        return self._shaken

    def _decrypt(self, tls: ssl.SSLObject) -> None:
        before = len(self.rest)
        try:
            while data := tls.read(_READ):
                self.rest += data
        except ssl.SSLWantReadError:
            return
        except ssl.SSLError as error:
            if len(self.rest) == before:
                raise LineError("the line was lost while waiting") from error
            return
        if len(self.rest) == before:
            raise LineError("the relay hung up")

    def close(self) -> None:
        """What has not left never leaves. Twice is safe."""
        self._out.clear()
        self._socket.close()
