"""How requests come in: moto's handler, over connections that stay open.

Imported only when moto's environment is set, which moto reads when it is imported.
"""

from collections.abc import Callable

from moto.moto_server.werkzeug_app import MotoRequestHandler

from infra.account.repeated_calls import Headers


class Handler(MotoRequestHandler):  # type: ignore[misc, unused-ignore]
    """Moto's handler, with connections that stay open and without a line for each request.

    Werkzeug closes the connection right behind every answer, and Go's client on a busy machine then now and
    then takes the end of the connection for the answer: once in some hundred calls of the provider. Closing is
    not needed here, since the whole body of a request is read before it is answered.
    """

    disable_nagle_algorithm = True
    wbufsize = 1 << 16  # one packet for head and body of a usual answer

    def run_wsgi(self) -> None:
        """Answer a request with its whole body at once."""
        if self.headers.get("Expect", "").lower().strip() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.wfile.flush()
        said: list[tuple[str, Headers]] = []

        def start_response(status: str, headers: Headers, _: object = None) -> Callable[[bytes], None]:
            said.append((status, headers))
            return lambda _: None

        body = b"".join(self.server.app(self.make_environ(), start_response))
        status, headers = said[-1]
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers:
            if name.lower() not in ("connection", "transfer-encoding") and (
                name.lower() != "content-length" or self.command == "HEAD"
            ):
                self.send_header(name, value)
        if self.command != "HEAD" and code not in ("204", "304"):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: what is asked is seen where it matters."""
