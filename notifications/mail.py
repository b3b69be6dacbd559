"""The e-mail channel: one notice becomes one plain message over SMTP."""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection


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
    """One connection to the mail server for a round of messages; opened when first needed, closed at exit."""

    def __init__(self):
        self._connection = get_connection()

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self._connection.close()

    def connect(self) -> None:
        """Make sure of a connection. Raises OSError (SMTPException is one) when the server can't be used."""
        try:
            self._connection.open()
        except Exception:
            self._connection.close()  # a refused login leaves a connection that looks open
            raise

    def send(self, message: EmailMessage) -> None:
        """Hand one message over. Raises OSError or ValueError (a malformed one); then reconnects next time."""
        try:
            self._connection.send_messages([message])
        except Exception:
            self._connection.close()
            raise
