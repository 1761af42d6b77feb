"""An S3 that keeps nothing but names, sizes and MD5s: what clients cost is measured, not what a server does.

python benchmarks/stub_s3.py; prints its address.
"""

import hashlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

HELD: dict[str, tuple[str, int]] = {}
PAGE = 1000


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_PUT(self) -> None:
        if self.headers.get("Expect") == "100-continue":
            self.send_response_only(100)
            self.end_headers()
            self.wfile.flush()
        body = self._chunks() if "aws-chunked" in (self.headers.get("Content-Encoding") or "") else self._plain()
        etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
        HELD[unquote(urlsplit(self.path).path).split("/", 2)[2]] = (etag, len(body))
        self._answer(b"", {"ETag": f'"{etag}"'})

    def do_HEAD(self) -> None:
        self._answer(b"", {"x-amz-bucket-region": "us-east-1"})

    def do_GET(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        prefix, after = asked.get("prefix", [""])[0], asked.get("continuation-token", [""])[0]
        names = sorted(name for name in HELD if name.startswith(prefix) and name > after)
        most = min(PAGE, int(asked.get("max-keys", [PAGE])[0]))
        shown = names[:most]
        rows = "".join(
            f"<Contents><Key>{escape(name)}</Key><LastModified>2036-01-01T00:00:00.000Z</LastModified>"
            f"<ETag>&quot;{HELD[name][0]}&quot;</ETag><Size>{HELD[name][1]}</Size></Contents>"
            for name in shown
        )
        more = len(names) > len(shown)
        token = f"<NextContinuationToken>{escape(shown[-1])}</NextContinuationToken>" if more else ""
        text = f"<ListBucketResult><IsTruncated>{str(more).lower()}</IsTruncated>{token}{rows}</ListBucketResult>"
        self._answer(text.encode(), {"Content-Type": "application/xml"})

    def _plain(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return body

    def _answer(self, body: bytes, headers: dict[str, str]) -> None:
        self.send_response_only(200)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Nothing: a client that ends leaves its connections."""


if __name__ == "__main__":
    server = Server(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
