"""Stand-ins that speak the formats of the real platforms, refuse what they refuse, and remember what they were asked."""

import base64
import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit


class Asked(NamedTuple):
    """One request, with the moment it came (monotonic)."""

    at: float
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    said: dict


class Raw(NamedTuple):
    """An answer that is not the platform's own: to be given instead of it."""

    status: int = 200
    body: bytes = b"{}"
    headers: tuple[tuple[str, str], ...] = ()


class _Conversation(BaseHTTPRequestHandler):
    def do_POST(self):
        stand_in = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        asked = Asked(time.monotonic(), parts.path, query, dict(self.headers), json.loads(body))
        stand_in.asked.append(asked)
        time.sleep(stand_in.seconds_per_message)
        stand_in.silence.wait(30)  # set: it answers
        raw = stand_in.instead.pop(0) if stand_in.instead else None
        self.answer(raw or Raw(body=json.dumps(stand_in.take(asked), ensure_ascii=False).encode()))

    do_GET = None

    def answer(self, raw: Raw) -> None:
        self.send_response(raw.status)
        for name, value in raw.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(raw.body)))
        self.end_headers()
        for n in range(0, len(raw.body), self.server.bytes_at_once):
            self.wfile.write(raw.body[n : n + self.server.bytes_at_once])
            self.wfile.flush()
            time.sleep(self.server.seconds_between)

    def log_message(self, *args):
        """Tests say what they saw themselves."""


class StandIn(ThreadingHTTPServer):
    """Listens on a free loopback port until `stop`."""

    daemon_threads = True
    request_queue_size = 50

    def __init__(self, port: int = 0):
        super().__init__(("127.0.0.1", port), _Conversation)
        self.port = self.server_address[1]
        self.origin = f"http://127.0.0.1:{self.port}"
        self.asked: list[Asked] = []
        self.instead: list[Raw] = []
        self.silence = threading.Event()
        self.silence.set()
        self.seconds_per_message = 0.0
        self.bytes_at_once, self.seconds_between = 1 << 20, 0.0
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def take(self, asked: Asked) -> dict:
        raise NotImplementedError

    def handle_error(self, request, client_address):
        """A client that was killed or went away in mid-sentence is what these tests are about."""

    def stop(self) -> None:
        self.silence.set()
        self.shutdown()
        self.server_close()


class SmsGateway(StandIn):
    """The gateway of docs/adr/0023: the same key again is taken and reaches no phone again."""

    def __init__(self, port: int = 0):
        super().__init__(port)
        self.refusals: dict[str, str] = {}  # by phone, the code it is refused with
        self.keys: list[str] = []  # as they came, also again
        self.reached: dict[str, tuple[str, str]] = {}  # by key, phone and text

    def take(self, asked: Asked) -> dict:
        phone, key = asked.said["phone"], asked.said["key"]
        if code := self.refusals.get(phone):
            return {"code": code, "message": "不接收"}
        self.keys.append(key)
        self.reached.setdefault(key, (phone, asked.said["text"]))
        return {"code": "ok", "message": ""}


class Platform(StandIn):
    """What both chat platforms have in common: 20 messages a minute from one robot, and errors in the JSON."""

    too_fast: tuple[int, str]
    window = 60.0

    def __init__(self, port: int = 0):
        super().__init__(port)
        self.heard: list[dict] = []
        self._times: list[float] = []
        self._lock = threading.Lock()

    def take(self, asked: Asked) -> dict:
        with self._lock:
            code, words = self.refuse(asked) or self._too_fast(asked.at) or (0, "ok")
            if code == 0:
                self.heard.append(asked.said)
        return {"errcode": code, "errmsg": words}

    def refuse(self, asked: Asked) -> tuple[int, str] | None:
        raise NotImplementedError

    def _too_fast(self, at: float) -> tuple[int, str] | None:
        self._times = [moment for moment in self._times if at - moment < self.window]
        if len(self._times) >= 20:
            return self.too_fast
        self._times.append(at)
        return None


class WecomPlatform(Platform):
    """企业微信: POST /cgi-bin/webhook/send?key=…"""

    too_fast = (45009, "api freq out of limit, hint: [1700000000]")
    key = "693a91f6-0000-4bc4-97a0-0ec2sifa5aaa"

    @property
    def url(self) -> str:
        return f"{self.origin}/cgi-bin/webhook/send?key={self.key}"

    def refuse(self, asked):
        if asked.path != "/cgi-bin/webhook/send" or asked.query.get("key") != self.key:
            return 93000, "invalid webhook url, hint: [1700000000]"
        kind = asked.said.get("msgtype")
        if kind not in ("text", "markdown"):
            return 40008, "invalid message type"
        content = asked.said[kind]["content"]
        if not content:
            return 44004, "empty content"
        if len(content.encode()) > {"text": 2048, "markdown": 4096}[kind]:
            return 45002, "content size out of limit"
        return None


class DingtalkPlatform(Platform):
    """钉钉: POST /robot/send?access_token=…&timestamp=…&sign=…, with 加签."""

    too_fast = (130101, "send too fast, exceed 20 times per minute")
    token, secret = "566cc69da782ec00", "SEC240d7bb4c0bafc62"

    @property
    def url(self) -> str:
        return f"{self.origin}/robot/send?access_token={self.token}"

    def refuse(self, asked):
        if asked.path != "/robot/send" or asked.query.get("access_token") != self.token:
            return 300001, "token is not exist"
        moment = asked.query.get("timestamp", "0")
        digest = hmac.new(self.secret.encode(), f"{moment}\n{self.secret}".encode(), hashlib.sha256).digest()
        is_fresh = abs(time.time() * 1000 - int(moment)) < 3_600_000
        if asked.query.get("sign") != base64.b64encode(digest).decode() or not is_fresh:
            return 310000, "sign not match, more: [https://ding-doc.dingtalk.com]"
        if asked.said.get("msgtype") == "markdown":
            return (
                None
                if asked.said["markdown"]["title"] and asked.said["markdown"]["text"]
                else (40035, "缺少参数")
            )
        if asked.said.get("msgtype") == "text":
            return None if asked.said["text"]["content"] else (40035, "缺少参数")
        return 400105, "不支持的消息类型"
