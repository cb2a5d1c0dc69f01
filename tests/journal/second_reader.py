#!/usr/bin/env python3
"""A second reader of the journal, written from docs/journal-format.md alone: it shares no code with the program.

    tests/journal/second_reader.py FILE [--head STREAM:SEQ:LINK]... [--secret FILE]

FILE is a journal.sqlite or a log-YYYY-MM.sqlite (then --signer KEY gives the node's public key). Prints a JSON object:
of each stream the entries read and the faults as [seq, reason], in the order of the stream. --head is a head known from
elsewhere; --secret names a file of the node's operating secret (32 bytes), under which every payload is opened too.
Exit 0 when all is as it was written, 3 when not, 2 on wrong usage.
"""

import argparse
import ctypes
import ctypes.util
import hashlib
import json
import sqlite3
import struct
import sys
from pathlib import Path

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


def u8(n):
    return struct.pack(">B", n)


def u32(n):
    return struct.pack(">I", n)


def u64(n):
    return struct.pack(">Q", n)


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


# -- rows ---------------------------------------------------------------------------------------------------------------


class Unreadable(Exception):
    pass


def integer(value, most):
    if not isinstance(value, int) or not 0 <= value <= most:
        raise Unreadable
    return value


def blob(value, *lengths):
    if not isinstance(value, bytes) or (lengths and len(value) not in lengths):
        raise Unreadable
    return value


def seq_of(value):
    return integer(value, (1 << SEQ_BITS) - 1)


class Entry:
    def __init__(self, row):
        self.seq = row[0] & ((1 << SEQ_BITS) - 1)
        self.epoch = integer(row[1], (1 << 32) - 1)
        self.recorded_at = integer(row[2], (1 << 63) - 1)
        self.subject = blob(row[3], 16)
        self.previous = seq_of(row[4])
        self.commitment = blob(row[5], 32)
        self.link = blob(row[6], 32)
        self.erased = row[8] is None
        if self.erased and row[7] is not None:
            raise Unreadable
        self.nonce = b"" if self.erased else blob(row[7], 0, 24)
        self.content = b"" if self.erased else blob(row[8])

    def leaf(self):
        fields = u64(self.seq) + u32(self.epoch) + u64(self.recorded_at) + self.subject + u64(self.previous)
        return digest("toit.leaf", fields, self.commitment)

    def commitment_found(self):
        return digest("toit.commitment", u8(len(self.nonce)), self.nonce, self.content)


class Head:
    def __init__(self, row):
        self.seq = row[0] & ((1 << SEQ_BITS) - 1)
        self.epoch = integer(row[1], (1 << 32) - 1)
        self.first = seq_of(row[2])
        self.ordering_seq = seq_of(row[3])
        self.link = blob(row[4], 32)
        self.key_id = blob(row[5], 8)
        self.signature = blob(row[6], 64)

    def message(self, stream):
        fields = u32(self.epoch) + u64(self.first) + u64(self.seq) + self.link + u64(self.ordering_seq)
        return b"toit.head.1" + named(stream) + fields


class Journal:
    def __init__(self, path):
        self.database = open_file(path, 0x544F4954, (1, 2))
        self.streams = dict(self.database.execute("SELECT name, number FROM stream ORDER BY number"))

    def rows(self, columns, table, stream):
        first = self.streams[stream] << SEQ_BITS
        query = f"SELECT {columns} FROM {table} WHERE place >= ? AND place < ? ORDER BY place"
        try:
            yield from self.database.execute(query, (first, first + (1 << SEQ_BITS)))
        except sqlite3.DatabaseError:
            raise Unreadable from None

    def entries(self, stream):
        columns = "place, epoch, recorded_at, subject, previous, commitment, link, nonce, content"
        return (Entry(row) for row in self.rows(columns, "entry", stream))

    def heads(self, stream):
        columns = "place, epoch, first, ordering_seq, link, key_id, signature"
        return (Head(row) for row in self.rows(columns, "head", stream))

    def secrets(self, stream, signer, operating_secret):
        """The stream's secrets by epoch, of the rows that the signer made and that open."""
        query = "SELECT epoch, purpose, recipient, box, key_id, signature FROM stream_key WHERE stream = ?"
        found = {}
        for epoch, purpose, recipient, box, by, signature in self.database.execute(query, (self.streams[stream],)):
            message = b"toit.sealed-key.1" + named(stream) + u32(epoch) + u8(purpose) + recipient + box
            if signer is None or by != key_id(signer) or not signature_matches(signature, message, signer):
                continue
            secret = open_box(box, recipient, operating_secret)
            if purpose == 0 and secret:
                found[epoch] = secret
        return found


def open_file(path, application, formats=(1,)):
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    # Words where bytes should be are a finding, whatever their encoding.
    database.text_factory = lambda words: words.decode(errors="replace")
    mark = [database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
    if mark[0] != application or mark[1] not in formats:
        sys.exit(f"second_reader: {path} is no file of the formats {formats}")
    return database


# -- a stream -------------------------------------------------------------------------------------------------------------


class Verification:
    def __init__(self, journal, stream, known, operating_secret):
        self.journal, self.stream, self.known, self.operating_secret = journal, stream, known, operating_secret
        self.faults = []
        self.signer = None
        self.links = {0: digest("toit.stream", stream.encode())}
        self.last = None
        self.last_of = {}
        self.erased, self.announced = {}, {}
        self.sealed = []

    def fault(self, seq, reason):
        self.faults.append([seq, reason])

    def last_seq(self):
        return self.last.seq if self.last else 0

    def run(self):
        entries = 0
        unreadable = False
        try:
            for entry in self.journal.entries(self.stream):
                self.entry(entry)
                entries += 1
        except Unreadable:
            self.fault(self.last_seq() + 1, "unreadable")
            unreadable = True
        last_head, unreadable_head = self.heads()
        if not unreadable and not unreadable_head:
            self.end(last_head)
        if self.operating_secret:
            self.open_payloads()
        self.faults.sort(key=lambda fault: fault[0])
        return {"stream": self.stream, "entries": entries, "faults": self.faults}

    def entry(self, entry):
        before = self.last_seq()
        if entry.seq != before + 1:
            self.fault(before + 1, "missing_entry")
        if digest("toit.link", self.links[before], entry.leaf()) != entry.link:
            self.fault(entry.seq, "header")
        self.links[entry.seq] = entry.link
        self.payload(entry)
        if self.last and entry.epoch < self.last.epoch:
            self.fault(entry.seq, "epoch_back")
        if self.last and entry.recorded_at < self.last.recorded_at:
            self.fault(entry.seq, "time_back")
        if entry.previous != self.last_of.get(entry.subject, 0):
            self.fault(entry.seq, "subject_order")
        self.last_of[entry.subject] = entry.seq
        if any(link != entry.link for seq, link in self.known if seq == entry.seq):
            self.fault(entry.seq, "other_history")
        self.last = entry

    def payload(self, entry):
        if entry.erased:
            self.erased[entry.seq] = entry.subject
            return
        if entry.commitment_found() != entry.commitment:
            self.fault(entry.seq, "payload")
            return
        if entry.nonce:
            self.sealed.append(entry)
        else:
            self.clear(entry)
        if entry.seq == 1 and not self.signer:
            self.fault(1, "opening")

    def clear(self, entry):
        payload = read_payload(entry.content)
        if payload is None:
            self.fault(entry.seq, "unknown_payload")
            return
        kind, event = payload[1], payload[11]
        if kind == 101 and entry.seq == 1:
            self.signer = event[3]
        elif kind == 101:
            self.fault(entry.seq, "opening")
        if kind == 46:
            for seq in event[0]:
                self.announced.setdefault(seq, entry.subject)

    def heads(self):
        """The last head, and whether one could not be read."""
        before = None
        try:
            for head in self.journal.heads(self.stream):
                if head.seq > self.last_seq():
                    return head, False
                self.head(head, before)
                before = head
        except Unreadable:
            self.fault((before.seq if before else 0) + 1, "unreadable")
            return before, True
        return before, False

    def head(self, head, before):
        expected = before.seq + 1 if before else 1
        if head.first != expected:
            self.fault(expected, "head_gap")
        if head.seq == 0 or self.links.get(head.seq) != head.link:
            self.fault(head.seq, "head_link")
        elif (
            not self.signer
            or head.key_id != key_id(self.signer)
            or not signature_matches(head.signature, head.message(self.stream), self.signer)
        ):
            self.fault(head.seq, "head_signature")
        if before and head.ordering_seq < before.ordering_seq:
            self.fault(head.seq, "ordering_back")

    def end(self, last_head):
        last = self.last_seq()
        covered = last_head.seq if last_head else 0
        if covered > last:
            self.fault(last + 1, "tail_cut")
        elif covered < last:
            self.fault(last, "not_covered")
        if any(seq > last for seq, _ in self.known):
            self.fault(last + 1, "shorter_than_known")
        for seq, subject in self.erased.items():
            if self.announced.get(seq) != subject:
                self.fault(seq, "unannounced_erasure")
        for seq in self.announced:
            if seq not in self.erased:
                self.fault(seq, "unfinished_erasure")

    def open_payloads(self):
        secrets = self.journal.secrets(self.stream, self.signer, self.operating_secret)
        keys = {epoch: digest("toit.entry.key", key=secret) for epoch, secret in secrets.items()}
        for entry in self.sealed:
            bound_to = b"toit.entry.1" + named(self.stream) + u32(entry.epoch) + entry.subject
            key = keys.get(entry.epoch)
            plain = decrypt(key, entry.nonce, entry.content, bound_to) if key else None
            if plain is None or read_payload(plain) is None:
                self.fault(entry.seq, "unknown_payload")


# -- a log of consultations -----------------------------------------------------------------------------------------------


def present(value):
    return u8(0) if value is None else u8(1) + value


def verify_log(path, signer):
    """The first line that is not what was written, or None."""
    database = open_file(path, 0x544F494C)
    name = Path(path).name
    link = digest("toit.log.month", name.encode())
    heads = {seq: (by, signature) for seq, by, signature in database.execute("SELECT seq, key_id, signature FROM head")}
    expected, last_at, signed = 1, 0, True
    for seq, at, subject, command, content, written in database.execute(
        "SELECT seq, at, subject, command, content, link FROM line ORDER BY seq"
    ):
        if seq != expected:
            return expected
        try:
            for each in (subject, command):
                blob(each or bytes(16), 16)
            blob(content), blob(written, 32), integer(at, (1 << 63) - 1)
        except Unreadable:
            return seq
        if at < last_at:
            return seq
        link = digest("toit.log.link", link, u64(seq) + u64(at) + present(subject) + present(command), content)
        if link != written:
            return seq
        signed = seq in heads
        if signed:
            by, signature = heads[seq]
            message = b"toit.log.head.1" + named(name) + u64(seq) + link
            whole = isinstance(signature, bytes) and len(signature) == 64
            if by != key_id(signer) or not whole or not signature_matches(signature, message, signer):
                return seq
        expected, last_at = seq + 1, at
    if not signed:
        return expected - 1
    return expected if any(seq >= expected for seq in heads) else None


def parse_head(text):
    stream, seq, link = text.split(":")
    return stream, int(seq), bytes.fromhex(link)


def main():
    parser = argparse.ArgumentParser(description="A second reader of the journal.")
    parser.add_argument("file")
    parser.add_argument("--head", action="append", default=[], type=parse_head, metavar="STREAM:SEQ:LINK")
    parser.add_argument("--secret", type=lambda name: Path(name).read_bytes(), metavar="FILE")
    parser.add_argument("--signer", type=bytes.fromhex, metavar="KEY")
    asked = parser.parse_args()
    if Path(asked.file).name.startswith("log-"):
        line = verify_log(asked.file, asked.signer)
        print(json.dumps({"line": line}))
        return 0 if line is None else 3
    journal = Journal(asked.file)
    reports = []
    for stream in journal.streams:
        known = [(seq, link) for of, seq, link in asked.head if of == stream]
        reports.append(Verification(journal, stream, known, asked.secret).run())
    print(json.dumps({"streams": reports}))
    return 3 if any(report["faults"] for report in reports) else 0


if __name__ == "__main__":
    sys.exit(main())
