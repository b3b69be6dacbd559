"""The e-mail channel: one notice becomes one plain message over SMTP."""

import re
from smtplib import SMTPRecipientsRefused
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from notifications.channels.claim import Claim
from notifications.channels.faults import ChannelDown, TryAgain, Undeliverable


def compose(*, key, address: str, subject: str, body: str, url: str) -> EmailMessage:
    """The message for one delivery. Its Message-ID is the delivery's key, the same at every attempt."""
    domain = urlsplit(settings.SITE_URL).hostname or "localhost"
    text = (
        f"{subject}\n\n{body}\n\n"
        f"请点击查看：{settings.SITE_URL}{url}\n\n"
        "本邮件由“民政服务机构安全隐患闭环管理”系统自动发出，请勿回复。\n"
    )
    return EmailMessage(
        subject=f"【隐患闭环】{subject}",
        body=text,
        to=[address],
        headers={"Message-ID": f"<{key}@{domain}>", "Auto-Submitted": "auto-generated"},
    )


class Mailer:
    """One connection to the mail server for a turn of messages; opened when first needed, closed at exit."""

    def __enter__(self):
        self._connection = get_connection()
        return self

    def __exit__(self, *exc_info):
        self._connection.close()

    def connect(self) -> None:
        """Make sure of a connection, before a message is claimed. Raises ChannelDown when the server can't be used."""
        try:
            self._connection.open()
        except OSError as error:  # SMTPException is one
            self._connection.close()  # a refused login leaves a connection that looks open
            raise ChannelDown(f"{type(error).__name__}: {error}") from error

    def send(self, claim: Claim) -> None:
        """Hand one message over. Raises TryAgain or Undeliverable; then the next `connect` makes a new connection."""
        message = compose(
            key=claim.key, address=claim.address, subject=claim.subject, body=claim.body, url=claim.url
        )
        try:
            self._connection.send_messages([message])
        except (OSError, ValueError) as error:  # SMTPException is an OSError; ValueError: a malformed address
            self._connection.close()
            fault = Undeliverable if is_address_wrong(error) else TryAgain
            raise fault(f"{type(error).__name__}: {error}") from error


def is_address_wrong(error: Exception) -> bool:
    """Whether the server (or the address itself) says that there is no such mailbox.

    A 5xx alone does not: a relay that is set up wrongly answers it to everybody, and then says so in the enhanced
    code (RFC 3463): only 5.1.x (address) and 5.2.1 (mailbox disabled) speak of the mailbox.
    """
    if isinstance(error, ValueError):
        return True
    if not isinstance(error, SMTPRecipientsRefused):
        return False
    [(code, words)] = error.recipients.values()
    enhanced = re.match(rb"(\d\.\d+\.\d+)\b", words if isinstance(words, bytes) else words.encode())
    if enhanced:
        return enhanced[1].startswith(b"5.1.") or enhanced[1] == b"5.2.1"
    return code in (550, 551, 553)
