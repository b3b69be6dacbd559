"""The line between a phone and the server: a TCP relay that can be cut, slowed, and made to lose an answer."""

import contextlib
import socket
import struct
import threading
import time

PIECE = 8192
WINDOW = 96 * 1024  # small: what the browser calls sent has about arrived; smaller, the loopback crawls
UNAVAILABLE = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close at once, what is under way is lost


class Line:
    """`cut()` drops every connection and refuses new ones until `mend()`; `rate` slows what the phone sends."""

    def __init__(self, port: int):
        self.target, self.rate, self.is_cut = port, None, False
        self.to_lose, self.lost, self.to_refuse = [], 0, []
        self.sent = 0  # bytes from the phone that went through
        self._open, self._guard = set(), threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WINDOW)
        self.port = self._listener.getsockname()[1]
        self.url = f"http://localhost:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self):
        self.is_cut = True
        with self._guard:
            for one in list(self._open):
                _reset(one)
            self._open.clear()

    def mend(self):
        self.is_cut = False

    def lose_answer(self, start: bytes):
        """The next request that begins so is carried out by the server, and its answer never arrives."""
        self.to_lose.append(start)

    def refuse(self, start: bytes, times: int):
        """The next requests that begin so never reach the server: something before it answers 503."""
        self.to_refuse += [start] * times

    def close(self):
        self.cut()
        self._listener.close()

    def _accept(self):
        while True:
            try:
                phone, _ = self._listener.accept()
            except OSError:
                return
            if self.is_cut:
                _reset(phone)
                continue
            server = socket.create_connection(("127.0.0.1", self.target))
            with self._guard:
                self._open |= {phone, server}
            losing = threading.Event()
            threading.Thread(target=self._upstream, args=(phone, server, losing), daemon=True).start()
            threading.Thread(target=self._downstream, args=(phone, server, losing), daemon=True).start()

    def _upstream(self, phone, server, losing):
        with contextlib.suppress(OSError):
            while piece := phone.recv(PIECE):
                if _took(self.to_refuse, piece):
                    phone.sendall(UNAVAILABLE)
                    time.sleep(0.2)
                    break
                if _took(self.to_lose, piece):
                    losing.set()
                if self.rate:
                    time.sleep(len(piece) / self.rate)
                server.sendall(piece)
                self.sent += len(piece)
        self._drop(phone, server)

    def _downstream(self, phone, server, losing):
        with contextlib.suppress(OSError):
            while piece := server.recv(PIECE):
                if losing.is_set():
                    self.lost += 1
                    break
                phone.sendall(piece)
        self._drop(phone, server)

    def _drop(self, *sockets):
        with self._guard:
            for one in sockets:
                self._open.discard(one)
                _reset(one)


def _took(starts: list[bytes], piece: bytes) -> bool:
    """Whether the piece begins with one of these, which then is used up."""
    found = next((start for start in starts if piece.startswith(start)), None)
    if found:
        starts.remove(found)
    return found is not None


def _reset(one):
    with contextlib.suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        one.shutdown(socket.SHUT_RDWR)
    with contextlib.suppress(OSError):
        one.close()
