"""A camera: an RTSP server on the loopback address that sends a video file once, MPEG-4 over the same connection."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av

_CLOCK = 90_000


@contextmanager
def camera(path: Path) -> Iterator[str]:
    """Feeds a stream from an MP4 file of MPEG-4; its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        threading.Thread(target=_serve, args=(listening, path), daemon=True).start()
        yield f"rtsp://ada:secret@127.0.0.1:{port}/line/1?token=hidden"


def _serve(listening: socket.socket, path: Path) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        with connection:
            try:
                _answer(connection, path)
            except OSError:
                continue


def _answer(connection: socket.socket, path: Path) -> None:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        config = (stream.codec_context.extradata or b"").hex()
        description = (
            "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=line\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            f"m=video 0 RTP/AVP 96\r\na=rtpmap:96 MP4V-ES/{_CLOCK}\r\n"
            f"a=fmtp:96 profile-level-id=1;config={config}\r\na=control:track\r\n"
        )
        while request := _request(connection):
            method, address = request.split()[:2]
            number = next(line.split(":")[1].strip() for line in request.splitlines() if line.startswith("CSeq"))
            head, body = f"RTSP/1.0 200 OK\r\nCSeq: {number}\r\nSession: 1\r\n", ""
            if method == "OPTIONS":
                head += "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"
            elif method == "DESCRIBE":
                head, body = f"{head}Content-Base: {address}/\r\nContent-Type: application/sdp\r\n", description
                head += f"Content-Length: {len(body)}\r\n"
            elif method == "SETUP":
                head += "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
            connection.sendall(f"{head}\r\n{body}".encode())
            if method == "PLAY":
                _send(connection, container, stream)
                return


def _send(connection: socket.socket, container: av.container.InputContainer, stream: av.VideoStream) -> None:
    for number, packet in enumerate(container.demux(stream)):
        if packet.pts is None:
            return
        body = bytes(packet)
        parts = [body[start : start + 1400] for start in range(0, len(body), 1400)]
        for place, part in enumerate(parts):
            marked = 0x80 if place == len(parts) - 1 else 0
            at = int(packet.pts * stream.time_base * _CLOCK) & 0xFFFFFFFF
            sequence = (number * 64 + place) & 0xFFFF
            rtp = struct.pack(">BBHII", 0x80, marked | 96, sequence, at, 7) + part
            connection.sendall(struct.pack(">cBH", b"$", 0, len(rtp)) + rtp)


def _request(connection: socket.socket) -> str:
    text = b""
    while not text.endswith(b"\r\n\r\n"):
        part = connection.recv(1)
        if not part:
            return ""
        text += part
    return text.decode()
