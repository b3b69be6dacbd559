"""Posting JSON to somebody else's server, and not trusting it: bounded in time and size, to where we said and nowhere else.

The standard library's client on purpose (docs/adr/0023): it follows no redirect, reads no proxy from the
environment and retries nothing; each of these would have to be switched off elsewhere.
"""

import json
import socket
import ssl
import threading
from contextlib import suppress
from datetime import timedelta
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection, IncompleteRead
from typing import NamedTuple
from urllib.parse import urlsplit

from notifications.channels.faults import ChannelDown, TryAgain

CONNECT_SECONDS = 5
ANSWER_SECONDS = 10  # from the first byte of the request to the last of the answer, however it trickles
MOST_BYTES = 64 * 1024
LONGEST_REST = timedelta(hours=1)


class Answer(NamedTuple):
    """What came back: the status, and the JSON object of the body."""

    status: int
    said: dict


def post_json(url: str, message: dict, headers: dict[str, str] | None = None) -> Answer:
    """POST `message` to `url`, and read the JSON object it answers; the rest as in `post`."""
    body = json.dumps(message, ensure_ascii=False).encode()
    status, text = post(url, body, {"Content-Type": "application/json; charset=utf-8"} | (headers or {}))
    return Answer(status, _object(text))


def post(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    """POST `body` to `url` over a connection of its own; status and body of the answer.

    Raises ChannelDown when nothing was sent (no connection) or the server says that it is not there (502, 503,
    504) or busy (429); TryAgain when nobody can say whether the message arrived (no answer in time, a cut or
    unreadable one, 500).
    """
    connection, path = _connect(url)
    sent = {"Connection": "close"} | headers
    # A socket's timeout is for each of its steps: a server that sends a byte now and then could hold us for hours.
    watchdog = threading.Timer(ANSWER_SECONDS, _cut, [connection.sock])
    watchdog.daemon = True
    watchdog.start()
    try:
        connection.request("POST", path, body, sent)
        with connection.getresponse() as response:
            text = response.read(MOST_BYTES + 1)
            if response.length and len(text) <= MOST_BYTES:
                raise IncompleteRead(text, response.length)
    except (OSError, HTTPException) as error:
        raise TryAgain(f"no answer: {type(error).__name__}: {error}", ends_turn=True) from error
    finally:
        watchdog.cancel()
        connection.close()
    _refuse_status(response)
    return response.status, text


def _connect(url: str) -> tuple[HTTPConnection, str]:
    parts = urlsplit(url)
    if parts.scheme == "https":
        connection = HTTPSConnection(
            parts.hostname, parts.port, timeout=CONNECT_SECONDS, context=ssl.create_default_context()
        )
    else:
        connection = HTTPConnection(parts.hostname, parts.port, timeout=CONNECT_SECONDS)
    try:
        connection.connect()
    except (OSError, UnicodeError) as error:  # of names, sockets, certificates and timeouts alike
        connection.close()
        raise ChannelDown(f"no connection: {type(error).__name__}: {error}") from error
    connection.sock.settimeout(ANSWER_SECONDS)
    return connection, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _cut(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _refuse_status(response: HTTPResponse) -> None:
    if response.status in (429, 502, 503, 504):
        raise ChannelDown(f"HTTP {response.status}", rest=_asked_rest(response.headers.get("Retry-After")))
    if response.status == 500:
        raise TryAgain("HTTP 500")


def _asked_rest(seconds: str | None) -> timedelta | None:
    if seconds and seconds.isdecimal() and len(seconds) < 7:
        return min(timedelta(seconds=int(seconds)), LONGEST_REST)
    return None


def _object(text: bytes) -> dict:
    if len(text) > MOST_BYTES:
        raise TryAgain("the answer is too long")
    try:
        said = json.loads(text)
    except (ValueError, RecursionError) as error:  # neither JSON nor even text, or made to be unreadable
        raise TryAgain(f"the answer is not JSON: {text[:60]!r}") from error
    if not isinstance(said, dict):
        raise TryAgain(f"the answer is not a JSON object: {text[:60]!r}")
    return said
