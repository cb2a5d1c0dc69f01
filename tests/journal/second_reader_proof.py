"""Dossiers de preuve, as the second reader examines them: written from docs/journal-format.md alone."""

import json
import re
from pathlib import Path

from second_reader_bytes import (
    SEQ_BITS,
    Malformed,
    Packed,
    digest,
    emptied_by,
    key_id,
    named,
    open_disclosed,
    read_payload,
    read_sealed,
    signature_matches,
    subject_of_keys,
    u8,
    u32,
    u64,
)

PROOF_LEAVES, PROOF_ENTRIES, PROOF_MARKS = 1_000_000, 65_537, 65_536


def is_proof(path):
    with open(path, "rb") as file:
        return file.read(10) == b"toit.proof"


def array(value, size):
    if type(value) is not list or len(value) != size:
        raise Malformed
    return value


def listed(value, most):
    if type(value) is not list or len(value) > most:
        raise Malformed
    return value


def number_below(value, end):
    if type(value) is not int or not 0 <= value < end:
        raise Malformed
    return value


def run_of_bytes(value, size=None, most=None):
    if type(value) is not bytes or (size is not None and len(value) != size) or (most is not None and len(value) > most):
        raise Malformed
    return value


def stream_name(value):
    if type(value) is not str or not re.fullmatch("[TS][0-9A-Z]{1,15}", value):
        raise Malformed
    return value


def moment(value):
    return number_below(value, 7258118400001)


class ProofEntry:
    def __init__(self, packed):
        seq, epoch, at, subject, previous, commitment, payload = array(packed, 7)
        self.seq, self.epoch, self.at = number_below(seq, 1 << 64), number_below(epoch, 1 << 32), moment(at)
        self.subject, self.previous = run_of_bytes(subject, 16), number_below(previous, 1 << 64)
        self.commitment = run_of_bytes(commitment, 32)
        self.erased = payload is None
        if not self.erased:
            nonce, content, key = array(payload, 3)
            self.nonce, self.content = run_of_bytes(nonce, most=24), run_of_bytes(content, most=1 << 20)
            self.key = None if key is None else run_of_bytes(key, 32)

    def leaf(self):
        fields = u64(self.seq) + u32(self.epoch) + u64(self.at) + self.subject + u64(self.previous)
        return digest("toit.leaf", fields, self.commitment)

    def has_shape(self):
        return self.erased or len(self.nonce) == 24 or (self.nonce == b"" and self.key is None)

    def content_kind(self):
        if self.erased:
            return "erased"
        return "clear" if not self.nonce else "disclosed" if self.key else "closed"


class ProofHead:
    def __init__(self, packed):
        stream, epoch, first, seq, ordering_seq, link, by, signature = array(packed, 8)
        self.stream, self.epoch, self.first = stream_name(stream), number_below(epoch, 1 << 32), number_below(first, 1 << 64)
        self.seq, self.ordering_seq = number_below(seq, 1 << 64), number_below(ordering_seq, 1 << 64)
        self.link, self.key_id, self.signature = run_of_bytes(link, 32), run_of_bytes(by, 8), run_of_bytes(signature, 64)

    def message(self):
        fields = u32(self.epoch) + u64(self.first) + u64(self.seq) + self.link + u64(self.ordering_seq)
        return b"toit.head.1" + named(self.stream) + fields


class ProofMark:
    def __init__(self, packed):
        stream, epoch, seq, link, witness, at, by, signature = array(packed, 8)
        self.stream, self.epoch, self.seq = stream_name(stream), number_below(epoch, 1 << 32), number_below(seq, 1 << 64)
        self.link, self.witness, self.at = run_of_bytes(link, 32), stream_name(witness), moment(at)
        self.key_id, self.signature = run_of_bytes(by, 8), run_of_bytes(signature, 64)

    def message(self):
        fields = u32(self.epoch) + u64(self.seq) + self.link + named(self.witness) + u64(self.at)
        return b"toit.mark.1" + named(self.stream) + fields


def ascends(places):
    return all(one < other for one, other in zip(places, places[1:]))


class ProofSegment:
    def __init__(self, packed):
        first, before, entries, leaves, heads, marks = array(packed, 6)
        self.first, self.before = number_below(first, 1 << 64), run_of_bytes(before, 32)
        self.entries = [ProofEntry(each) for each in listed(entries, PROOF_ENTRIES)]
        self.leaves = run_of_bytes(leaves, most=PROOF_LEAVES * 32)
        self.heads = [ProofHead(each) for each in listed(heads, PROOF_ENTRIES)]
        self.marks = [ProofMark(each) for each in listed(marks, PROOF_MARKS)]
        self.last = self.first + len(self.entries) + len(self.leaves) // 32 - 1

    def has_shape(self, after, stream):
        if self.first <= after or not self.entries or len(self.leaves) % 32 or max(self.first, self.last) >= 1 << SEQ_BITS:
            return False
        within = all(self.first <= each.seq <= self.last for each in self.entries + self.heads + self.marks)
        ordered = (
            ascends([entry.seq for entry in self.entries])
            and ascends([head.seq for head in self.heads])
            and ascends([(mark.seq, mark.witness) for mark in self.marks])
        )
        witnesses = all(mark.witness[0] == "S" and mark.witness != stream for mark in self.marks)
        return within and ordered and witnesses and all(entry.has_shape() for entry in self.entries)


class Proof:
    def __init__(self, content):
        if content[:10] != b"toit.proof" or len(content) < 11:
            raise ValueError("no_proof")
        if len(content) > 64 << 20:
            raise ValueError("too_large")
        if content[10] != 1:
            raise ValueError("newer_version" if content[10] > 1 else "malformed")
        packed = Packed(content[11:])
        try:
            stream, subject, left_out, segments = array(packed.value(), 4)
            self.stream, self.subject = stream_name(stream), run_of_bytes(subject, 16)
            self.left_out = number_below(left_out, 1 << 64)
            self.segments = [ProofSegment(each) for each in listed(segments, PROOF_ENTRIES)]
        except Malformed:
            raise ValueError("malformed") from None
        if packed.at != len(packed.content):
            raise ValueError("malformed")

    def misshapen(self):
        """Where the first segment begins that is not as the page says, or None."""
        if not self.segments or self.segments[0].first != 1 or not self.segments[0].entries:
            return 1
        if self.segments[0].entries[0].seq != 1:
            return 1
        after = entries = leaves = marks = 0
        for segment in self.segments:
            entries, leaves = entries + len(segment.entries), leaves + len(segment.leaves) // 32
            marks += len(segment.marks)
            over = entries > PROOF_ENTRIES or leaves > PROOF_LEAVES or marks > PROOF_MARKS
            if over or not segment.has_shape(after, self.stream):
                return segment.first
            after = segment.last + 1
        return None


class ProofExamination:
    def __init__(self, proof, known):
        self.proof, self.known = proof, known
        self.faults, self.proved = [], []
        self.opening_key = self.change = self.named = None
        self.about_keys, self.previous_of_keys = subject_of_keys(proof.stream), 0
        self.epoch = self.at = self.previous = 0
        self.erased, self.announced, self.unknown = set(), set(), set()

    def fault(self, seq, reason):
        self.faults.append([seq, reason])

    def run(self):
        misshapen = self.proof.misshapen()
        if misshapen is not None:
            self.fault(misshapen, "shape")
        else:
            for segment in self.proof.segments:
                self.segment(segment)
            self.erasures()
        faults = sorted(self.faults[:100], key=lambda fault: fault[0])
        vouched = self.proof.stream in self.known and not faults
        return {
            "entries": [] if faults else self.proved,
            "faults": faults,
            "vouched": vouched,
            "unknown": sorted(self.unknown),
        }

    def segment(self, segment):
        link = segment.before
        if segment.first == 1 and link != digest("toit.stream", self.proof.stream.encode()):
            self.fault(1, "opening")
        entries = {entry.seq: entry for entry in segment.entries}
        heads = {head.seq: head for head in segment.heads}
        leaves = iter(range(0, len(segment.leaves), 32))
        uncovered, unsigned, unseen = [], [], {}
        for seq in range(segment.first, segment.last + 1):
            entry = entries.get(seq)
            if entry:
                uncovered.append(seq)
                row = self.entry(entry, link)
                if row:
                    unsigned.append(row)
                    for rows in unseen.values():
                        rows.append(row)
            at = None if entry else next(leaves)
            link = digest("toit.link", link, entry.leaf() if entry else segment.leaves[at : at + 32])
            if seq in heads:
                uncovered = []
                by = self.head(heads[seq], link)
                if by:
                    for row in unsigned:
                        row[4] = by.hex()
                    unsigned = []
            for mark in segment.marks:
                if mark.seq == seq and self.mark(mark, link):
                    own = [row for row in self.proved if segment.first <= row[0] <= seq]
                    for row in unseen.get(mark.witness, own):
                        row[5].append([mark.witness, mark.at, mark.seq])
                    unseen[mark.witness] = []
        for seq in uncovered:
            self.fault(seq, "not_covered")

    def entry(self, entry, link):
        """The row that it is told in, when it is of the subject."""
        of_subject = entry.subject == self.proof.subject
        of_keys = entry.subject == self.about_keys
        if not of_subject and not of_keys and entry.seq != 1:
            self.fault(entry.seq, "other_subject")
        if (of_subject and entry.previous != self.previous) or (of_keys and entry.previous != self.previous_of_keys):
            self.fault(entry.seq, "subject_order")
        if of_keys:
            self.previous_of_keys = entry.seq
        if entry.epoch < self.epoch:
            self.fault(entry.seq, "epoch_back")
        if entry.at < self.at:
            self.fault(entry.seq, "time_back")
        epoch_before, self.epoch, self.at = self.epoch, entry.epoch, entry.at
        if entry.erased:
            self.erased.add(entry.seq)
        payload = None if entry.erased else self.payload(entry)
        self.change, is_cut = None, False
        if payload and not entry.nonce:
            is_cut = payload[1] == 124
            self.clear(entry, payload, of_subject, (epoch_before, link))
        if entry.epoch > epoch_before and not is_cut:
            self.fault(entry.seq, "no_cut")
        if entry.seq == 1 and self.opening_key is None:
            self.fault(1, "opening")
        if not of_subject:
            return None
        self.previous = entry.seq
        row = [entry.seq, entry.content_kind(), payload[1] if payload else None, entry.at, "", []]
        self.proved.append(row)
        return row

    def payload(self, entry):
        if digest("toit.commitment", u8(len(entry.nonce)), entry.nonce, entry.content) != entry.commitment:
            self.fault(entry.seq, "payload")
            return None
        if entry.nonce and entry.key is None:
            return None
        plain = entry.content
        if entry.nonce:
            bound_to = b"toit.entry.1" + named(self.proof.stream) + u32(entry.epoch) + entry.subject
            plain = open_disclosed(entry.key, entry.nonce, entry.content, bound_to)
        read = read_sealed if entry.nonce else read_payload
        payload = None if plain is None else read(plain)
        if payload is None:
            self.fault(entry.seq, "disclosure" if plain is None else "unknown_payload")
        return payload

    def clear(self, entry, payload, of_subject, before):
        kind, event = payload[1], payload[11]
        if kind == 101 and entry.seq == 1:
            self.opening_key = event[3]
        elif kind == 101:
            self.fault(entry.seq, "opening")
        about_keys = entry.subject == self.about_keys
        if kind == 124:
            follows = list(event[3:5]) == [entry.seq - 1, before[1]]
            if not about_keys or entry.epoch <= before[0] or event[0] != entry.epoch or not follows:
                self.fault(entry.seq, "cut")
        if about_keys and kind in (117, 124):
            self.change = (entry.seq, event[0] if kind == 117 else event[5], kind == 124, entry.epoch)
        elif kind == 117:
            self.fault(entry.seq, "opening")
        if of_subject:
            self.announced.update(emptied_by(kind, event))

    @staticmethod
    def signer(signed, keys):
        """The key that signed, False when one with its id did not, None when there is none with its id."""
        own = [key for key in keys if key_id(key) == signed.key_id]
        return next((key for key in own if signature_matches(signed.signature, signed.message(), key)), False if own else None)

    def head(self, head, link):
        if head.stream != self.proof.stream:
            return self.fault(head.seq, "other_stream")
        if head.link != link:
            return self.fault(head.seq, "head_link")
        known = self.known.get(self.proof.stream)
        if self.change and self.change[0] == head.seq and self.change[2]:
            return self.cut_head(head, known)
        keys = [self.named] if self.named else known or ([self.opening_key] if self.opening_key else [])
        by = self.signer(head, keys)
        if self.change and self.change[0] == head.seq:
            new = self.change[1]
            if not by and new in (known or []) and self.signer(head, [new]):
                by = new
            if by:
                self.named = new
        if not by:
            self.fault(head.seq, "unknown_signer" if by is None and known else "head_signature")
        return by

    def cut_head(self, head, known):
        """Of a cut: alone under it, and signed with the key that it names, one that is known where others are."""
        _, key, _, epoch = self.change
        if head.first != head.seq or head.epoch != epoch:
            self.fault(head.seq, "cut")
        by = self.signer(head, [key] if not known or key in known else [])
        if by:
            self.named = key
        else:
            self.fault(head.seq, "unknown_signer" if by is None and known else "head_signature")
        return by

    def mark(self, mark, link):
        if mark.stream != self.proof.stream:
            return self.fault(mark.seq, "other_stream")
        if mark.link != link:
            return self.fault(mark.seq, "mark_link")
        if mark.witness not in self.known:
            self.unknown.add(mark.witness)
            return None
        by = self.signer(mark, self.known[mark.witness])
        if not by:
            self.fault(mark.seq, "unknown_signer" if by is None else "mark_signature")
        return by

    def erasures(self):
        for seq in sorted(self.erased - self.announced):
            self.fault(seq, "unannounced_erasure")
        for segment in self.proof.segments:
            for entry in segment.entries:
                if not entry.erased and entry.seq in self.announced:
                    self.fault(entry.seq, "unfinished_erasure")


def examine_proof(path, known):
    try:
        proof = Proof(Path(path).read_bytes())
    except ValueError as refusal:
        return {"refused": str(refusal)}
    return ProofExamination(proof, known).run()


def examine_proofs(files, pairs):
    known = {}
    for stream, key in pairs:
        known.setdefault(stream, []).append(key)
    reports = [examine_proof(file, known) for file in files]
    print(json.dumps(reports))
    return 3 if any(report.get("faults", True) for report in reports) else 0


def parse_known(text):
    stream, key = text.split(":")
    return stream, bytes.fromhex(key)
