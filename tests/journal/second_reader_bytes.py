"""Hashes, signatures, ciphers and MessagePack, as docs/journal-format.md has them: what the second reader reads with."""

import ctypes
import ctypes.util
import hashlib
import struct
import sys

SEQ_BITS = 44


# -- cryptography -----------------------------------------------------------------------------------------------------


def load_sodium():
    for name in ("libsodium.so.23", ctypes.util.find_library("sodium")):
        try:
            library = ctypes.CDLL(name) if name else None
        except OSError:
            continue
        if library and library.sodium_init() >= 0:
            return library
    sys.exit("second_reader: needs the runtime library libsodium")


sodium = load_sodium()


def digest(purpose, *parts, key=b""):
    made = hashlib.blake2b(digest_size=32, person=purpose.encode().ljust(16, b"\0"), key=key)
    for part in parts:
        made.update(part)
    return made.digest()


def length(n):
    return ctypes.c_ulonglong(n)


def signature_matches(signature, message, key):
    return sodium.crypto_sign_verify_detached(signature, message, length(len(message)), key) == 0


def open_box(box, recipient, secret):
    plain = ctypes.create_string_buffer(max(len(box) - 48, 1))
    opened = sodium.crypto_box_seal_open(plain, box, length(len(box)), recipient, secret) == 0
    return plain.raw if opened else None


def decrypt(key, nonce, content, bound_to):
    if len(nonce) != 24 or len(content) < 16:
        return None
    plain = ctypes.create_string_buffer(max(len(content) - 16, 1))
    result = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
        plain, None, None, content, length(len(content)), bound_to, length(len(bound_to)), nonce, key
    )
    return plain.raw[: len(content) - 16] if result == 0 else None


def open_disclosed(key, nonce, content, bound_to):
    if len(content) < 16:
        return None
    plain = ctypes.create_string_buffer(max(len(content) - 16, 1))
    result = sodium.crypto_aead_chacha20poly1305_ietf_decrypt(
        plain, None, None, content, length(len(content)), bound_to, length(len(bound_to)), bytes(4) + nonce[16:], key
    )
    return plain.raw[: len(content) - 16] if result == 0 else None


def disclosure_key(entry_key, nonce):
    made = ctypes.create_string_buffer(32)
    sodium.crypto_core_hchacha20(made, nonce[:16], entry_key, None)
    return made.raw


def u8(n):
    return struct.pack(">B", n)


def u32(n):
    return struct.pack(">I", n)


def u64(n):
    return struct.pack(">Q", n)


def subject_of_keys(stream):
    """Whom the entries that change the stream's key are about."""
    return digest("toit.keys.about", stream.encode())[:16]


def named(text):
    return u8(len(text)) + text.encode()


def key_id(key):
    return digest("toit.key", key)[:8]


# -- MessagePack, as far as payloads use it -----------------------------------------------------------------------------


class Malformed(Exception):
    pass


class Packed:
    """Reads one value, and refuses every form but the shortest."""

    def __init__(self, content):
        self.content, self.at = content, 0

    def take(self, size):
        if size > len(self.content) - self.at:
            raise Malformed
        self.at += size
        return self.content[self.at - size : self.at]

    def number(self, size, above):
        value = int.from_bytes(self.take(size), "big")
        if value <= above:
            raise Malformed
        return value

    def value(self, depth=12):
        head = self.take(1)[0]
        if head < 0x80:
            return head
        if head >= 0xE0:
            return head - 0x100
        if head in (0xC0, 0xC2, 0xC3):
            return {0xC0: None, 0xC2: False, 0xC3: True}[head]
        if 0xA0 <= head <= 0xBF:
            return self.text(head & 0x1F)
        if 0x90 <= head <= 0x9F:
            return self.items(head & 0x0F, depth)
        if head in (0xCC, 0xCD, 0xCE, 0xCF):
            size = 1 << (head - 0xCC)
            return self.number(size, {1: 0x7F, 2: 0xFF, 4: 0xFFFF, 8: 0xFFFFFFFF}[size])
        if head in (0xD0, 0xD1, 0xD2, 0xD3):
            size = 1 << (head - 0xD0)
            value = int.from_bytes(self.take(size), "big", signed=True)
            if value >= {1: -32, 2: -(1 << 7), 4: -(1 << 15), 8: -(1 << 31)}[size]:
                raise Malformed
            return value
        if head in (0xD9, 0xDA, 0xDB):
            return self.text(self.number(1 << (head - 0xD9), {0xD9: 31, 0xDA: 0xFF, 0xDB: 0xFFFF}[head]))
        if head in (0xC4, 0xC5, 0xC6):
            return self.take(self.number(1 << (head - 0xC4), {0xC4: -1, 0xC5: 0xFF, 0xC6: 0xFFFF}[head]))
        if head in (0xDC, 0xDD):
            return self.items(self.number(2 if head == 0xDC else 4, 15 if head == 0xDC else 0xFFFF), depth)
        raise Malformed

    def text(self, size):
        try:
            return self.take(size).decode()
        except UnicodeDecodeError:
            raise Malformed from None

    def items(self, count, depth):
        if depth == 0 or count > len(self.content) - self.at:
            raise Malformed
        return [self.value(depth - 1) for _ in range(count)]


def emptied_by(kind, event):
    """Sequences of the same subject whose payload goes with this entry."""
    return event[0] if kind == 46 else event[3] if kind == 203 else []


def read_sealed(content):
    """Like `read_payload`, but for what was encrypted: kinds that are in clear say nothing so."""
    payload = read_payload(content)
    return None if payload is None or payload[1] >= 100 or payload[1] == 46 else payload


def read_payload(content):
    """[version, kind, ..., event], or None when the bytes are no payload."""
    packed = Packed(content)
    try:
        payload = packed.value()
    except Malformed:
        return None
    whole = packed.at == len(content) and isinstance(payload, list) and len(payload) == 12
    good = whole and payload[0] == 1 and isinstance(payload[1], int) and isinstance(payload[11], list)
    return payload if good else None
