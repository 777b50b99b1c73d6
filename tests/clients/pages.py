"""A shop's web pages: a server on loopback of an origin other than Koi's, that serves one page and the SDKs' files."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

_PAGE = b"<!doctype html><html lang=zh><meta charset=utf-8><title>Shop</title><body>Shop</body></html>"


class _Shop(SimpleHTTPRequestHandler):
    """Every path below `/shop` is the page; everything else is a file of the folder."""

    def do_GET(self) -> None:
        if not self.path.startswith("/shop"):
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(_PAGE)))
        self.end_headers()
        self.wfile.write(_PAGE)

    def log_message(self, *_: Any) -> None:
        """Say nothing: the tests' output is for the tests."""


@contextmanager
def shop_pages(folder: Path) -> Iterator[str]:
    """Serve the folder, and a page at `/shop/...`, until the end; gives the address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Shop, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
