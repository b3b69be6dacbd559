"""What the environment asks the demo to do: where to listen, and whose servers to use."""

import errno
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from ops.terminal import Refusal

SERVERS = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")


@dataclass(frozen=True)
class Address:
    """Where the demo listens."""

    host: str
    port: int

    @property
    def local(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def on_the_network(self) -> str | None:
        """The address for a phone in the same network, if this machine has one."""
        with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("192.0.2.1", 9))  # sends nothing: asks which of our addresses leads outside
            own = probe.getsockname()[0]
            if self.host == "0.0.0.0" and not own.startswith("127."):
                return f"http://{own}:{self.port}"
        return None


def address(environment: Mapping[str, str]) -> Address:
    """PORT and HOST from the environment. Raises Refusal when the port is no port, or taken."""
    host, port = environment.get("HOST") or "0.0.0.0", environment.get("PORT") or "8000"
    if not (port.isascii() and port.isdigit() and 1 <= int(port) <= 65535):
        raise Refusal(f"PORT={port} 不是端口号，请用 1–65535 之间的数字，例如：PORT=9000 make demo")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(port)))
        except OSError as error:
            why = "已被占用" if error.errno == errno.EADDRINUSE else f"不能使用（{error.strerror}）"
            raise Refusal(f"端口 {port} {why}，请换一个，例如：PORT=9000 make demo") from error
    return Address(host, int(port))


def own_servers(environment: Mapping[str, str]) -> dict[str, str] | None:
    """The servers named in the environment; None when none is. Raises Refusal when only some are."""
    given = {name: environment[name] for name in SERVERS if environment.get(name)}
    missing = [name for name in SERVERS if name not in given]
    if given and missing:
        raise Refusal(
            f"已设置 {'、'.join(given)}，还缺 {'、'.join(missing)}。"
            "要用自己的服务器，三项都要设置；要用自带的服务器，三项都不要设置。"
        )
    return given or None
