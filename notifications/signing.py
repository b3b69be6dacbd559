"""How a subscriber knows that a message is ours: an HMAC over the moment and the body, by a key of its own."""

import base64
import hashlib
import hmac
import secrets

from django.utils.crypto import salted_hmac

_SALT = "notifications.signing"


def new_key_id() -> str:
    """A name for a new key, as it stands in the header of every message."""
    return f"k{secrets.token_hex(6)}"


def secret_of(key_id: str) -> str:
    """The secret that goes with a key: 256 bits, Base64. Derived from SECRET_KEY, so that it is stored nowhere.

    With another SECRET_KEY every subscriber has to be issued anew.
    """
    return base64.b64encode(salted_hmac(_SALT, key_id, algorithm="sha256").digest()).decode()


def signature(secret: str, moment: str, body: bytes) -> str:
    """HMAC-SHA256, in hex, over `moment` (Unix seconds), a full stop and the body; keyed by the secret as it is written."""
    return hmac.digest(secret.encode(), moment.encode() + b"." + body, hashlib.sha256).hex()
