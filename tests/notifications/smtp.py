"""A stand-in mail server that speaks real SMTP and remembers what it took, in order."""

import email
import email.policy
import socketserver
import threading
import time
from email.message import EmailMessage


class _Conversation(socketserver.StreamRequestHandler):
    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def handle(self):
        server, recipient = self.server, ""
        self.say("220 stand-in ESMTP")
        for line in self.rfile:
            verb = line.split(b" ")[0].strip().upper()
            if verb == b"EHLO":
                self.say("250-stand-in")
                self.say("250 8BITMIME")
            elif verb == b"RCPT":
                recipient = line.decode().partition("<")[2].partition(">")[0]
                self.say(server.refused.get(recipient, "250 ok"))
            elif verb == b"DATA":
                self.say("354 go on")
                content = b"".join(iter(self.rfile.readline, b".\r\n"))
                time.sleep(server.seconds_per_message)
                server.take(recipient, content)
                self.say("250 taken")
            elif verb == b"QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")


class StandInMailServer(socketserver.ThreadingTCPServer):
    """Listens on a free loopback port from `start` to `stop`; may be started again on the same port."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 50

    def __init__(self, port: int = 0):
        super().__init__(("127.0.0.1", port), _Conversation)
        self.port = self.server_address[1]
        self.taken: list[tuple[str, EmailMessage]] = []
        self.refused: dict[str, str] = {}  # by recipient, what the server says to it
        self.seconds_per_message = 0.0
        self.on_message = lambda: None
        self._thread = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    def take(self, recipient: str, content: bytes) -> None:
        self.taken.append((recipient, email.message_from_bytes(content, policy=email.policy.default)))
        self.on_message()

    def handle_error(self, request, client_address):
        """A client that was killed in mid-sentence is what these tests are about."""

    @property
    def message_ids(self) -> list[str]:
        return [message["Message-ID"] for _, message in self.taken]

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join()
