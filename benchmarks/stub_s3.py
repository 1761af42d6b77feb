"""An S3 that keeps nothing but names, sizes and MD5s: what clients cost is measured, not what a server does.

python benchmarks/stub_s3.py [MILLISECONDS]; prints its address. Each answer waits for so long, as on a network.
"""

import asyncio
import hashlib
import sys
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

HELD: dict[str, tuple[str, int]] = {}
PAGE = 1000
_MOST = 1 << 26


async def serve(delay: float, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers the requests of a connection, one after the other, each `delay` seconds after it came."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            first, *lines = head[:-4].decode("latin-1").split("\r\n")
            method, path, _ = first.split(" ")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            if headers.get("expect") == "100-continue":
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            body = await _body(reader, headers)
            if delay:
                await asyncio.sleep(delay)
            heads, text = _answer(method, path, body)
            heads |= {"Content-Length": str(len(text))}
            writer.write(
                b"HTTP/1.1 200 OK\r\n"
                + "".join(f"{name}: {value}\r\n" for name, value in heads.items()).encode()
                + b"\r\n"
                + text
            )
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if "aws-chunked" not in headers.get("content-encoding", ""):
        return await reader.readexactly(int(headers.get("content-length", 0)))
    body = b""
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        body += (await reader.readexactly(size + 2))[:-2]
    while (await reader.readuntil(b"\r\n")).strip():
        pass
    return body


def _answer(method: str, path: str, body: bytes) -> tuple[dict[str, str], bytes]:
    if method == "PUT":
        etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
        HELD[unquote(urlsplit(path).path).split("/", 2)[2]] = (etag, len(body))
        return {"ETag": f'"{etag}"'}, b""
    if method == "HEAD":
        return {"x-amz-bucket-region": "us-east-1"}, b""
    return {"Content-Type": "application/xml"}, _listing(path).encode()


def _listing(path: str) -> str:
    asked = parse_qs(urlsplit(path).query)
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
    return f"<ListBucketResult><IsTruncated>{str(more).lower()}</IsTruncated>{token}{rows}</ListBucketResult>"


async def main(delay: float) -> None:
    server = await asyncio.start_server(
        lambda reader, writer: serve(delay, reader, writer), "127.0.0.1", 0, limit=_MOST, backlog=1024
    )
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]) / 1000 if len(sys.argv) > 1 else 0.0))
