"""A way to a PostgreSQL server that can be cut at the worst of moments: just before a commit, or just after it."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, TypeAlias

from psycopg.conninfo import conninfo_to_dict, make_conninfo

When: TypeAlias = Literal["before", "after"]


class Proxy:
    """Passes on what clients and the server say to each other, over a socket in *folder*.

    Attributes:
        url: where clients connect.
        cut: if set, the next ``COMMIT`` does not get through ("before"), or gets through, and its answer does not.
        unreachable: whether new connections are refused.
    """

    def __init__(self, url: str, folder: Path) -> None:
        self._server: dict[str, Any] = conninfo_to_dict(url)
        self.url = make_conninfo(url, host=str(folder), port=5432)
        self.cut: When | None = None
        self.unreachable = False
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(folder / ".s.PGSQL.5432"))
        self._listening.listen()
        self._open: list[socket.socket] = [self._listening]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                if self.unreachable:
                    client.close()
                    continue
                server = self._connect()
                self._open += [client, server]
                dropping = threading.Event()
                for source, target, is_client in ((client, server, True), (server, client, False)):
                    thread = threading.Thread(
                        target=self._pass_on, args=(source, target, is_client, dropping), daemon=True
                    )
                    self._threads.append(thread)
                    thread.start()

    def _connect(self) -> socket.socket:
        host, port = str(self._server.get("host") or "localhost"), int(self._server.get("port") or 5432)
        if not host.startswith("/"):
            return socket.create_connection((host, port))
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{host}/.s.PGSQL.{port}")
        return server

    def _pass_on(
        self, source: socket.socket, target: socket.socket, is_client: bool, dropping: threading.Event
    ) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if is_client and self.cut and b"COMMIT" in data:
                    when, self.cut = self.cut, None
                    if when == "before":
                        break
                    dropping.set()
                if not is_client and dropping.is_set():
                    break  # the server has answered, so it is done
                target.sendall(data)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join(10)
