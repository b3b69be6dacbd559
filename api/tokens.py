"""Tokens: 256 random bits, shown once, kept as a SHA-256. So much chance needs no slow hash."""

import hashlib
import secrets

PREFIX = "yh_"
SHOWN = 9  # characters by which people tell tokens apart: the prefix and 36 of the 256 bits


def new_token() -> str:
    return PREFIX + secrets.token_urlsafe(32)


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
