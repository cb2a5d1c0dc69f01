#!/usr/bin/env python3
"""A second reader of the journal, written from docs/journal-format.md alone: it shares no code with the program.

    tests/journal/second_reader.py FILE [--head STREAM:SEQ:LINK]... [--secret FILE] [--known STREAM:KEY]...
    tests/journal/second_reader.py FILE.preuve... [--known STREAM:KEY]...

FILE is a journal.sqlite or a log-YYYY-MM.sqlite (then each --signer KEY gives one of the node's public keys). Prints a JSON object:
of each stream the entries read and the faults as [seq, reason], in the order of the stream. --head is a head known from
elsewhere; --secret names a file of the node's operating secret (32 bytes), under which every payload is opened too.
Of proofs, prints a JSON list: of each what it proves and its faults, or why it is not read.
Exit 0 when all is as it was written, 3 when not, 2 on wrong usage.
"""

import argparse
import json
import sqlite3
import sys
from pathlib import Path

sys.dont_write_bytecode = True
from second_reader_bytes import (  # noqa: E402
    SEQ_BITS,
    decrypt,
    digest,
    emptied_by,
    key_id,
    named,
    open_box,
    read_payload,
    read_sealed,
    signature_matches,
    subject_of_keys,
    u8,
    u32,
    u64,
)
from second_reader_proof import examine_proofs, is_proof, parse_known  # noqa: E402

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
        self.database = open_file(path, 0x544F4954, (1, 2, 3, 4))
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

    def entry(self, stream, seq):
        """None where the file has it not, or not as an entry."""
        columns = "place, epoch, recorded_at, subject, previous, commitment, link, nonce, content"
        place = (self.streams.get(stream, 0) << SEQ_BITS) + seq
        try:
            row = self.database.execute(f"SELECT {columns} FROM entry WHERE place = ?", (place,)).fetchone()
            return Entry(row) if row else None
        except (Unreadable, sqlite3.DatabaseError):
            return None

    def heads(self, stream):
        columns = "place, epoch, first, ordering_seq, link, key_id, signature"
        return (Head(row) for row in self.rows(columns, "head", stream))

    def tails(self, stream):
        """By cut, the entries and the heads that it has left out."""
        if not self.database.execute("SELECT 1 FROM sqlite_master WHERE name = 'orphan_entry'").fetchone():
            return {}
        number = self.streams[stream]
        columns = "seq, epoch, recorded_at, subject, previous, commitment, link, nonce, content"
        rows = self.database.execute(
            f"SELECT cut, {columns} FROM orphan_entry WHERE stream = ? ORDER BY cut, seq", (number,)
        )
        found = {}
        for cut, *row in rows:
            found.setdefault(cut, ([], []))[0].append(Entry(row))
        columns = "seq, epoch, first, ordering_seq, link, key_id, signature"
        rows = self.database.execute(
            f"SELECT cut, {columns} FROM orphan_head WHERE stream = ? ORDER BY cut, seq", (number,)
        )
        for cut, *row in rows:
            if cut in found:
                found[cut][1].append(Head(row))
        return found

    def secrets(self, stream, signers, operating_secret):
        """The stream's secrets by epoch, of the rows that a signer made and that open."""
        query = "SELECT epoch, purpose, recipient, box, key_id, signature FROM stream_key WHERE stream = ?"
        found = {}
        for epoch, purpose, recipient, box, by, signature in self.database.execute(query, (self.streams[stream],)):
            message = b"toit.sealed-key.1" + named(stream) + u32(epoch) + u8(purpose) + recipient + box
            if not any(by == key_id(signer) and signature_matches(signature, message, signer) for signer in signers):
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
    def __init__(self, journal, stream, known, known_keys, operating_secret):
        self.journal, self.stream, self.known, self.operating_secret = journal, stream, known, operating_secret
        self.known_keys = known_keys
        self.faults = []
        self.signers, self.named = [], {}
        self.links = {0: digest("toit.stream", stream.encode())}
        self.last = None
        self.last_of = {}
        self.erased, self.announced = {}, {}
        self.sealed = []
        self.cuts, self.epochs, self.tails = {}, [], []
        self.counted = []  # the cut of each epoch
        self.named_at, self.heads_at, self.facts = [], {}, {}

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
            try:
                for cut, (entries_left, heads) in self.journal.tails(self.stream).items():
                    self.tail(cut, entries_left, heads)
            except Unreadable:
                self.fault(self.last_seq() + 1, "unreadable")
        if self.operating_secret:
            self.open_payloads()
        self.orders()
        self.faults.sort(key=lambda fault: fault[0])
        return {"stream": self.stream, "entries": entries, "faults": self.faults, "epochs": self.epochs,
                "tails": self.tails}

    def entry(self, entry):
        before = self.last_seq()
        if entry.seq != before + 1:
            self.fault(before + 1, "missing_entry")
        if digest("toit.link", self.links[before], entry.leaf()) != entry.link:
            self.fault(entry.seq, "header")
        self.links[entry.seq] = entry.link
        self.names_cut = False
        self.payload(entry)
        if entry.epoch > (self.last.epoch if self.last else 0) and not self.names_cut:
            self.fault(entry.seq, "no_cut")
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
        self.facts[entry.seq] = (entry.epoch, entry.recorded_at)

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
        if entry.seq == 1 and not self.named_at:
            self.fault(1, "opening")

    def clear(self, entry):
        payload = read_payload(entry.content)
        if payload is None:
            self.fault(entry.seq, "unknown_payload")
            return
        kind, event = payload[1], payload[11]
        if kind == 101 and entry.seq == 1:
            self.named_at, self.signers = [(0, event[3])], [event[3]]
        elif kind == 101:
            self.fault(entry.seq, "opening")
        if kind == 124:
            self.cut(entry, event)
        elif kind == 117 and entry.subject == subject_of_keys(self.stream):
            self.named[entry.seq] = event[0]
        elif kind == 117:
            self.fault(entry.seq, "opening")
        for seq in emptied_by(kind, event):
            self.announced.setdefault(seq, entry.subject)

    def cut(self, entry, event):
        self.names_cut = True
        before = (self.last.epoch, self.last.seq, self.last.link) if self.last else (0, 0, self.links[0])
        about_keys = entry.subject == subject_of_keys(self.stream)
        follows = entry.seq == before[1] + 1 and list(event[3:5]) == [before[1], before[2]]
        if not about_keys or entry.epoch <= before[0] or event[0] != entry.epoch or not follows:
            self.fault(entry.seq, "cut")
            return
        self.cuts[entry.seq] = event

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
        elif not self.signed(head):
            self.fault(head.seq, "head_signature")
        self.heads_at[head.seq] = head
        for seq in [seq for seq in self.cuts if seq <= head.seq]:
            if not self.alone(seq, head):
                self.fault(seq, "cut")
            del self.cuts[seq]
        if before and head.ordering_seq < before.ordering_seq:
            self.fault(head.seq, "ordering_back")

    def alone(self, cut, head):
        return head.seq == head.first == cut and head.epoch == self.cuts[cut][0]

    def by(self, head, key):
        return head.key_id == key_id(key) and signature_matches(head.signature, head.message(self.stream), key)

    def signed(self, head):
        """By the key so far, or by one known from elsewhere that an entry under this very head names; a cut alone under
        its head by the key that it names."""
        cut = self.cuts.get(head.seq)
        if cut is not None and self.alone(head.seq, head):
            if not self.by(head, cut[5]):
                return False
            self.signs(head.seq, cut[5])
            self.epochs.append([cut[0], head.seq, cut[1], cut[2]])
            self.counted.append(cut)
            return True
        named = self.named.get(head.seq)
        by_the_last = self.signers and self.by(head, self.signers[-1])
        if not by_the_last and not (named in self.known_keys and self.by(head, named)):
            return False
        if named is not None:
            self.signs(head.seq, named)
        return True

    def signs(self, seq, key):
        self.named_at.append((seq, key))
        self.signers.append(key)

    def tail(self, cut, entries, heads):
        """From the entry that the cut names, under the key of the head that ends there."""
        begin = heads[0].first - 1 if heads else -1
        head_before = self.heads_at.get(begin)
        report = [cut, 0]
        self.tails.append(report)
        if head_before is None or not self.signers:
            self.fault(entries[-1].seq, "orphan_tail")
            return
        key = [key for seq, key in self.named_at if seq <= begin][-1]
        epoch, at, seq, link = self.facts[begin] + (begin, self.links[begin])
        ordering, batch = head_before.ordering_seq, begin
        heads = {head.seq: head for head in heads}
        for entry in entries:
            right = entry.seq == seq + 1 and epoch <= entry.epoch < cut and entry.recorded_at >= at
            right = right and entry.previous < entry.seq and digest("toit.link", link, entry.leaf()) == entry.link
            right = right and (entry.erased or entry.commitment_found() == entry.commitment)
            if not right or not any(end > seq for end in heads):
                break
            epoch, at, seq, link = entry.epoch, entry.recorded_at, entry.seq, entry.link
            report[1] += 1
            head = heads.get(seq)
            if head is None:
                continue
            right = head.first == batch + 1 and head.epoch == epoch and head.link == link
            key = self.tail_signer(head, entry, key) if right and head.ordering_seq >= ordering else None
            if key is None:
                self.fault(seq, "orphan_tail")
                return
            ordering, batch = head.ordering_seq, seq
        if batch != entries[-1].seq or any(end > batch for end in heads):
            self.fault(seq + 1, "orphan_tail")

    def tail_signer(self, head, last, key):
        """The key that signs the next head of the tail, or None where this one is wrongly signed."""
        payload = read_payload(last.content) if not last.erased and not last.nonce else None
        about_keys = payload is not None and last.subject == subject_of_keys(self.stream)
        is_cut = payload is not None and payload[1] == 124
        named = None
        if about_keys and payload[1] in (117, 124):
            named = payload[11][5] if is_cut else payload[11][0]
        by_named = named is not None and (is_cut or named in self.known_keys) and self.by(head, named)
        if not by_named and (is_cut or not self.by(head, key)):
            return None
        return named or key

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

    def orders(self):
        """Each epoch against the entry of the ordering stream that its cut names."""
        host_of = {}
        for begun, cut in zip(self.epochs, self.counted):
            begun.append(self.order(cut, host_of))
            if begun[-1] == "other":
                self.fault(begun[1], "not_ordered")

    def order(self, cut, host_of):
        epoch, ordering, seq, previous_seq, previous_link, key = cut[:6]
        named_so = len(ordering) > 1 and ordering[0] == "S" and ordering.isalnum() and ordering.isupper()
        if not named_so or not 0 < seq < 1 << SEQ_BITS:
            return "other"
        entry = self.journal.entry(ordering, seq)
        if entry is None:
            return "not_here"
        payload = read_payload(entry.content) if not entry.erased and not entry.nonce else None
        if payload is None or payload[1] != 221:
            return "other"
        territory, opened, _, host, _, _, closed_seq, closed_link = payload[11]
        closed_there = closed_seq == 0 or (closed_seq, closed_link) == (previous_seq, previous_link)
        if "T" + territory != self.stream or opened != epoch or not closed_there:
            return "other"
        return "opened" if host_of.setdefault(key, host) == host else "other"

    def open_payloads(self):
        secrets = self.journal.secrets(self.stream, self.signers, self.operating_secret)
        keys = {epoch: digest("toit.entry.key", key=secret) for epoch, secret in secrets.items()}
        for entry in self.sealed:
            bound_to = b"toit.entry.1" + named(self.stream) + u32(entry.epoch) + entry.subject
            key = keys.get(entry.epoch)
            plain = decrypt(key, entry.nonce, entry.content, bound_to) if key else None
            if plain is None or read_sealed(plain) is None:
                self.fault(entry.seq, "unknown_payload")


# -- a log of consultations -----------------------------------------------------------------------------------------------


def present(value):
    return u8(0) if value is None else u8(1) + value


def verify_log(path, signers):
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
            if not whole or not any(by == key_id(key) and signature_matches(signature, message, key) for key in signers):
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
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--head", action="append", default=[], type=parse_head, metavar="STREAM:SEQ:LINK")
    parser.add_argument("--secret", type=lambda name: Path(name).read_bytes(), metavar="FILE")
    parser.add_argument("--signer", action="append", default=[], type=bytes.fromhex, metavar="KEY")
    parser.add_argument("--known", action="append", default=[], type=parse_known, metavar="STREAM:KEY")
    asked = parser.parse_args()
    if is_proof(asked.files[0]):
        return examine_proofs(asked.files, asked.known)
    (file,) = asked.files
    if Path(file).name.startswith("log-"):
        line = verify_log(file, asked.signer)
        print(json.dumps({"line": line}))
        return 0 if line is None else 3
    journal = Journal(file)
    reports = []
    for stream in journal.streams:
        known = [(seq, link) for of, seq, link in asked.head if of == stream]
        keys = [key for of, key in asked.known if of == stream]
        reports.append(Verification(journal, stream, known, keys, asked.secret).run())
    print(json.dumps({"streams": reports}))
    return 3 if any(report["faults"] for report in reports) else 0


if __name__ == "__main__":
    sys.exit(main())
