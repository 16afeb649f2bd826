"""The address of a model behind a server, `URL#MODEL`, and whether a key may travel to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from synth.errors import UserError

KEY = "OPENAI_API_KEY"  # the environment variable that holds the key
_EXAMPLE = "say openai:URL#MODEL, such as openai:http://127.0.0.1:8000/v1#NAME"


@dataclass(frozen=True)
class Address:
    """Where a server listens, without a slash at the end, and the model there; "" where none was named."""

    url: str
    model: str = ""

    @property
    def root(self) -> str:
        """The address without its path: where a server tells about itself.

        >>> Address("http://127.0.0.1:8000/v1").root
        'http://127.0.0.1:8000'
        """
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def host(self) -> str:
        """The name or number of the host, in small letters."""
        return urlsplit(self.url).hostname or ""

    @property
    def loopback(self) -> bool:
        """Whether the server runs on this computer.

        >>> [Address(url).loopback for url in ("http://localhost:1/v1", "http://[::1]/v1", "http://10.0.0.1/v1")]
        [True, True, False]
        """
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    def key(self, environment: Mapping[str, str]) -> str:
        """Return the key to send: that of the environment over https and on this computer, else none."""
        secret = self.loopback or self.url.startswith("https://")
        return environment.get(KEY, "") if secret else ""


def parse(spec: str) -> Address:
    """Return the address that a text names; raise `UserError` where it is none.

    A user name, a password or a query in the address are refused, since the address is printed and recorded.

    >>> parse("http://127.0.0.1:8000/v1/#Qwen/Qwen3-4B")
    Address(url='http://127.0.0.1:8000/v1', model='Qwen/Qwen3-4B')
    """
    url, _, model = spec.partition("#")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UserError(f"openai: the address of the server cannot be read; {_EXAMPLE}") from None
    if parts.username is not None or parts.password is not None or parts.query:
        raise UserError(f"openai: an address holds no user name and no query; put a key into {KEY}")
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0 or not url.isprintable() or " " in url:
        raise UserError(f"openai: {url!r} is no address of a server; {_EXAMPLE}")
    if not model.isprintable() or len(model) > 500:
        raise UserError(f"openai: the name of the model after # is none; {_EXAMPLE}")
    return Address(url.rstrip("/"), model.strip())
