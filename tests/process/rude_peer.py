"""Somebody who speaks the protocol of the links (docs/federation-protocol.md) and keeps to none of its rules: with a key
of the directory or without, through the library that every node has (libzmq), or over a plain connection.
"""

import ctypes
import socket
import struct

DEALER, LINGER, SEND_LIMIT, RECEIVE_LIMIT = 5, 17, 23, 24
PUBLIC_KEY, SECRET_KEY, SERVER_KEY, RECEIVE_MS, SEND_MS = 48, 49, 50, 27, 28
MESSAGE, HELLO, WELCOME, BYE, TAKEN = range(5)

zmq = ctypes.CDLL("libzmq.so.5", use_errno=True)
zmq.zmq_ctx_new.restype = ctypes.c_void_p
zmq.zmq_socket.restype = ctypes.c_void_p
zmq.zmq_socket.argtypes = [ctypes.c_void_p, ctypes.c_int]
zmq.zmq_setsockopt.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t]
zmq.zmq_connect.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
zmq.zmq_send.argtypes = zmq.zmq_recv.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int]
zmq.zmq_close.argtypes = [ctypes.c_void_p]
zmq.zmq_z85_decode.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
context = ctypes.c_void_p(zmq.zmq_ctx_new())


class LinkKey:
    def __init__(self):
        public, secret = (ctypes.create_string_buffer(41) for _ in range(2))
        assert zmq.zmq_curve_keypair(public, secret) == 0
        self.public, self.secret = self.decoded(public.value), self.decoded(secret.value)

    @staticmethod
    def decoded(text):
        raw = ctypes.create_string_buffer(32)
        assert zmq.zmq_z85_decode(raw, text)
        return raw.raw


def packed(value):
    """MessagePack, as short as it can be; whole numbers that are not negative, texts, bytes, lists, flags, None."""
    if value is None or isinstance(value, bool):
        return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[value]
    if isinstance(value, int):
        if value < 128:
            return bytes([value])
        head, form = next((h, f) for h, f in ((0xCC, ">B"), (0xCD, ">H"), (0xCE, ">I"), (0xCF, ">Q"))
                          if value < 1 << 8 * struct.calcsize(f))
        return bytes([head]) + struct.pack(form, value)
    if isinstance(value, list):
        assert len(value) < 16
        return bytes([0x90 | len(value)]) + b"".join(map(packed, value))
    if isinstance(value, str):
        assert len(value) < 32
        return bytes([0xA0 | len(value)]) + value.encode()
    assert len(value) < 65536
    return (bytes([0xC4, len(value)]) if len(value) < 256 else b"\xc5" + struct.pack(">H", len(value))) + value


def envelope(sender, receiver, kind, *fields):
    return packed([1, sender, receiver, kind, list(fields)])


class RudePeer:
    """One connection under a key, to a node whose public link key is `server`."""

    def __init__(self, port, server, key):
        self.number = 0
        self.socket = ctypes.c_void_p(zmq.zmq_socket(context, DEALER))
        for option, value in ((LINGER, 0), (SEND_LIMIT, 100), (RECEIVE_LIMIT, 10), (SEND_MS, 5000)):
            self.set(option, struct.pack("i", value))
        for option, value in ((SERVER_KEY, server), (PUBLIC_KEY, key.public), (SECRET_KEY, key.secret)):
            self.set(option, value)
        assert zmq.zmq_connect(self.socket, f"tcp://127.0.0.1:{port}".encode()) == 0
        self.say(HELLO, 1)

    def set(self, option, value):
        assert zmq.zmq_setsockopt(self.socket, option, value, len(value)) == 0, option

    def say(self, kind, number, content=b""):
        """Whether it left: one who is not let in, or not read, has no room soon."""
        frame = struct.pack(">BQ", kind, number) + content
        return zmq.zmq_send(self.socket, frame, len(frame), 0) == len(frame)

    def send(self, content):
        self.number += 1
        return self.say(MESSAGE, self.number, content)

    def hear(self, within_s=30):
        """(kind, number, content) of the next frame, or None."""
        self.set(RECEIVE_MS, struct.pack("i", int(within_s * 1000)))
        frame = ctypes.create_string_buffer(1 << 20)
        size = zmq.zmq_recv(self.socket, frame, len(frame), 0)
        return (*struct.unpack(">BQ", frame.raw[:9]), frame.raw[9:size]) if size >= 9 else None

    def is_let_in(self, within_s=30):
        heard = self.hear(within_s)
        assert heard is None or heard[0] in (WELCOME, BYE), heard
        return heard is not None and heard[0] == WELCOME

    def close(self):
        if self.socket:
            zmq.zmq_close(self.socket)
        self.socket = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00CURVE" + bytes(15) + bytes(32)


def shout(port, said):
    """Over a plain connection, until all is said or the other hangs up: how much he took."""
    taken = 0
    with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        try:
            for piece in said:
                line.sendall(piece)
                taken += len(piece)
        except OSError:
            pass  # hung up on, or not read
    return taken
