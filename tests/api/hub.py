"""Another system that is told of changes: it checks every signature as docs/api.md says, and keeps what it believes."""

import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Conversation(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.server.judge(dict(self.headers), body)
        self.send_response(status)
        for name, value in self.server.answer_headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        """Tests say what they saw themselves."""


class Hub(ThreadingHTTPServer):
    """Listens on a loopback port until `stop`; `secrets` by key id are what it was given."""

    daemon_threads = True

    def __init__(self, port: int = 0):
        super().__init__(("127.0.0.1", port), _Conversation)
        self.port = self.server_address[1]
        self.origin = f"http://127.0.0.1:{self.port}"
        self.url = f"{self.origin}/yinhuan"
        self.secrets: dict[str, str] = {}
        self.instead: list[int] = []  # statuses to answer instead of looking
        self.answer_headers: dict[str, str] = {}
        self.tries: list[str] = []  # ids of deliveries as they came, also again
        self.heard: dict[str, dict] = {}  # by id of delivery: the same again is the same
        self.forged = 0
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def judge(self, headers: dict, body: bytes) -> int:
        self.tries.append(headers["Yinhuan-Delivery"])
        if self.instead:
            return self.instead.pop(0)
        if not self.is_ours(headers, body):
            self.forged += 1
            return 401
        said = json.loads(body)
        assert said["delivery"] == headers["Yinhuan-Delivery"]
        self.heard.setdefault(said["delivery"], said)
        return 204

    def is_ours(self, headers: dict, body: bytes) -> bool:
        moment, secret = headers["Yinhuan-Timestamp"], self.secrets.get(headers["Yinhuan-Key"], "")
        wanted = hmac.new(secret.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()
        is_fresh = abs(time.time() - int(moment)) < 300
        return is_fresh and hmac.compare_digest(headers["Yinhuan-Signature"], f"sha256={wanted}")

    def handle_error(self, request, client_address):
        """Clients that go away are what these tests are about."""

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
