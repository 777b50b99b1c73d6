"""Choosing where to listen: the named port or none, else the next free one."""

import errno
import socket
from contextlib import suppress

import psutil

from domain.kernel.errors import KoiError

_TRIES = 100
_BACKLOG = 2048


class PortTakenError(KoiError):
    """The named port is in use."""

    code = "port.taken"


class AddressError(KoiError):
    """The named address cannot be listened on."""

    code = "address.unusable"


def listen(host: str, port: int) -> socket.socket:
    """Listen on exactly this port. The socket is held by the supervisor, so a restarting API keeps its callers waiting.

    Raises:
        PortTakenError: someone listens there.
        AddressError: the host is not one of this machine, or the port needs more rights.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortTakenError(
                f"Port {port} is taken{_holder(port)}: stop that program, or name another port with --port or KOI_PORT."
            ) from None
        raise AddressError(f"Koi cannot listen on {host} port {port}: {error.strerror}.") from None


def listen_from(host: str, first: int) -> tuple[socket.socket, str | None]:
    """Listen on the first free port from `first` on; with a sentence about the choice when it is not `first`.

    Raises:
        PortTakenError: none of the next hundred is free.
        AddressError: the host is not one of this machine.
    """
    for port in range(first, first + _TRIES):
        with suppress(PortTakenError):
            chosen = listen(host, port)
            told = None if port == first else f"Port {first} is taken{_holder(first)}, so Koi listens on {port}."
            return chosen, told
    raise PortTakenError(f"Ports {first} to {first + _TRIES - 1} are all taken: name a free one with --port.")


def free_port(preferred: int) -> int:
    """A port of the loopback that nobody listens on: the preferred one, or any."""
    for port in (preferred, 0):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)) as probe:
            return int(probe.getsockname()[1])
    raise PortTakenError("This machine has no free port left.")


def _holder(port: int) -> str:
    """Who listens there, as far as this user may know."""
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.laddr[1:] == (port,) and connection.status == psutil.CONN_LISTEN and connection.pid:
                return f" by {psutil.Process(connection.pid).name()} (process {connection.pid})"
    except (psutil.Error, PermissionError):
        return ""
    return ""
