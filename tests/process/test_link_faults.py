#!/usr/bin/env python3
"""What befalls a line between real nodes, and what bad people get who reach one: nothing that a receipt promised is
lost, memory stays bounded, other links go on, and whoever looks after the node is told.

# [L441-2-7-1-1a]
"""

import hashlib
import secrets
import signal
import sqlite3
import struct
import threading
import time
from contextlib import closing

from crowd import REGISTRATION
from federation import DEPARTEMENT, OTHER_TERRITORY, REGION, STATE_SIREN, TOWN, Federation, until
from node import Session, assigned, file_document, form
from rude_peer import BYE, GREETING, LinkKey, RudePeer, envelope, shout

MIB = 1 << 20
OTHER = "est-ensemble"
SILENT_WITHIN_S = 45  # a line on which nothing is heard is down after 30 s


def all_witnessed(town, seq, *by, within_s=30):
    until(lambda: (seq, town.marks(seq), town.standing()), lambda: town.is_witnessed(seq, *by), within_s)


def same_head(town, *holders):
    """Whoever holds the town's stream has it up to its end, to the byte."""
    head = town.head(TOWN)
    for holder in holders:
        until(f"{holder.name} has the same head", lambda node=holder: node.head(TOWN)["seq"] >= head["seq"])
        assert holder.head(TOWN)["link"] == head["link"], (holder.name, holder.head(TOWN), head)


class Writing:
    """Entries of a node, one after the other, until the block ends; the receipts are kept."""

    def __init__(self, node):
        self.node = node
        self.receipts = []
        self.failure = None
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        try:
            session = self.node.administrator()
            while not self.ended.is_set():
                self.receipts.append(self.node.record(session))
                time.sleep(0.01)
        except Exception as failure:
            self.failure = failure

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join(timeout=30)
        assert not self.failure, self.failure

    def check(self, *by, least=20):
        """Every receipt stands: its entry is there under its head, and each of these has countersigned it."""
        assert len(self.receipts) >= least, len(self.receipts)
        all_witnessed(self.node, self.receipts[-1]["last_seq"], *by)
        for receipt in self.receipts[:: max(1, len(self.receipts) // 25)] + self.receipts[-1:]:
            entry = self.node.get(f"/v1/entries/{receipt['last_seq']}")
            assert entry["head"] == receipt["head"], (entry, receipt)
            assert entry["durability"] == "witnessed", entry


# -- the line ---------------------------------------------------------------------------------------------------------


def cut_and_heal(all):
    town = all.town
    attempts = town.metric("toit_link_attempts_again_total")
    with Writing(town) as writing:
        all.to_region.cut()
        until("the cut is seen", lambda: town.metric("toit_link_up", node="region") == 0)
        cut_at = town.record()["last_seq"]
        until("the other link goes on", lambda: town.is_witnessed(cut_at, DEPARTEMENT))
        assert not town.is_witnessed(cut_at, REGION), "nothing passes a line that is cut"
        assert town.get(f"/v1/entries/{cut_at}")["durability"] == "disk"
        until("the delay is shown", lambda: town.metric("toit_link_lag_entries", node="region", stream=TOWN) > 0)
        until("it tries again", lambda: town.metric("toit_link_attempts_again_total") > attempts)
        all.to_region.heal()
        all_witnessed(town, cut_at, REGION)
        for proxy in (all.to_departement, all.to_region):
            proxy.cut()
            time.sleep(0.3)
            proxy.heal()
    writing.check(REGION, DEPARTEMENT)
    same_head(town, all.region, all.departement)
    until("the delay is over", lambda: town.metric("toit_link_lag_entries", stream=TOWN) == 0)
    assert town.metric("toit_link_ends_total", node="region") >= 2
    return f"{len(writing.receipts)} receipts over cuts"


def spoilt_lines(all):
    town, proxy = all.town, all.to_region
    proxy.delay(0.15)
    begun = time.monotonic()
    all_witnessed(town, town.record()["last_seq"], REGION)
    assert time.monotonic() - begun >= 0.3, "there and back"
    assert town.link("region")["state"] == "up", "slow is not dead"
    proxy.heal()
    for spoil, counter in ((proxy.duplicate, "duplicated"), (proxy.alter, "altered")):
        until("no hands are being shaken: that a handshake fails is no link's end", all.all_up)
        ends = town.metric("toit_link_ends_total", node="region") + all.departement.metric("toit_link_ends_total")
        spoil(1)
        seq = town.record()["last_seq"]
        until("a piece is spoilt", lambda name=counter: getattr(proxy.read_counters(), name) == 1)
        until(
            "who hears it ends the link",
            lambda before=ends: town.metric("toit_link_ends_total", node="region")
            + all.departement.metric("toit_link_ends_total")
            > before,
        )
        all_witnessed(town, seq, REGION, DEPARTEMENT)
    proxy.heal()
    until("all links are up", all.all_up)
    same_head(town, all.region, all.departement)
    for node in all.members:
        assert not node.standing()["alarms"], (node.name, node.standing())


def stalled_node(all):
    """It does nothing at all for a while, and its connections stand."""
    town = all.town
    all.departement.process.send_signal(signal.SIGSTOP)
    try:
        before = town.resident_bytes()
        with Writing(town) as writing:
            time.sleep(1)
            seq = town.record()["last_seq"]
            all_witnessed(town, seq, REGION)
            until("the delay is shown", lambda: town.metric("toit_link_lag_entries", node="departement", stream=TOWN) > 20)
        until(
            "the other link is not late",
            lambda: town.metric("toit_link_lag_entries", node="region", stream=TOWN)
            < town.metric("toit_link_lag_entries", node="departement", stream=TOWN) / 2,
        )
        assert town.resident_bytes() - before < 48 * MIB
    finally:
        all.departement.process.send_signal(signal.SIGCONT)
    writing.check(REGION, DEPARTEMENT)
    same_head(town, all.departement)


def asked_in_vain(state_node):
    """A question to a town that cannot be reached has no link to leave by; whoever asked does not wait for the end."""
    unsent = state_node.metric("toit_link_unsent_total", lane="control")
    asking = state_node.administrator()
    asking.close()

    def counted():
        try:
            asking.raw("GET", f"/v1/streams/{TOWN}/demandes", headers={"Toit-Purpose": "shared_management"}, timeout=1)
        except TimeoutError:
            pass
        return state_node.metric("toit_link_unsent_total", lane="control") > unsent

    until("it is counted", counted)


class HalfOpen:
    """The town's line to the departmental node takes everything and brings nothing; other things are done meanwhile."""

    def __init__(self, all):
        self.all = all
        self.ends = [node.metric("toit_link_ends_total") for node in (all.town, all.departement)]
        all.to_departement.half_open()
        self.seq = all.town.record()["last_seq"]
        self.begun = time.monotonic()
        all_witnessed(all.town, self.seq, REGION)

    def check(self):
        all, town = self.all, self.all.town
        left = SILENT_WITHIN_S - (time.monotonic() - self.begun)
        until("the town finds the line dead", lambda: town.metric("toit_link_up", node="departement") == 0, left)
        until("so does the other", lambda: all.departement.link("town")["state"] == "down", 10)
        asked_in_vain(all.departement)
        assert town.link("departement")["state"] == "down"
        assert not town.is_witnessed(self.seq, DEPARTEMENT)
        assert town.metric("toit_link_lag_entries", node="departement", stream=TOWN) > 0
        all.to_departement.heal()
        all_witnessed(town, self.seq, DEPARTEMENT, within_s=60)
        until("nothing is late", lambda: town.metric("toit_link_lag_entries", stream=TOWN) == 0)
        same_head(town, all.departement)


def habilitate_the_state(town):
    admin = town.api()
    person = {"legal_person": STATE_SIREN, "person_kind": "state_service", "name": "Préfecture fictive"}
    admin.post("/v1/legal-persons", {"event": person})
    granted = {"legal_person": STATE_SIREN, "quality": "state_mediation_secretariat", "from": "2015-01-01"}
    admin.post("/v1/habilitations", {"event": {"habilitation": granted}})


def registered(desk):
    return assigned(desk.post("/v1/demandes", {"event": {**REGISTRATION, "form": form()}}), "number")


def command(state_node, number):
    """A mention that a prefect's node is asked for: where his command stands in its stream."""
    event = {"kind": "dalo_recognised", "event": {"decision_number": "D-1", "departement": "93"}}
    target = f"/v1/streams/{TOWN}/demandes/{number}/events"
    return state_node.asked(lambda session: session.post(target, event))["first_seq"]


def answer_of(state_node, issued):
    def told():
        return state_node.get(f"/v1/commands/{issued}")

    until(told, lambda: told()["state"] in ("recorded", "refused"))
    return told()


def command_carried_out(all, number):
    """How long a mention takes from the prefect's node into the town's stream, and back."""
    executed = all.town.metric("toit_commands_executed_total")
    begun = time.monotonic()
    told = answer_of(all.departement, command(all.departement, number))
    took = time.monotonic() - begun
    assert told["state"] == "recorded", told
    assert all.town.metric("toit_commands_executed_total") == executed + 1
    return took


def large_document(all):
    """What is urgent does not wait for what is large: entries, and what a prefect decides."""
    town = all.town
    habilitate_the_state(town)
    town.add_body(town.api(), "guichet", 90100000, "commune", [{"quality": "service_enregistreur", "registers_as": "e"}])
    desk = Session(town, "guichet")
    number = registered(desk)
    for proxy in (all.to_region, all.to_departement):
        proxy.slow(MIB)
    file_document(desk, number, {"event": {"type": "tax_notice"}}, secrets.token_bytes(20 * MIB - 1000))

    def missing(node):
        return node.metric("toit_link_documents_missing", node="town", stream=TOWN)

    for node in (all.region, all.departement):
        until("the document is on its way", lambda n=node: missing(n) == 1)
    waits = []
    for _ in range(3):
        begun = time.monotonic()
        all_witnessed(town, town.record()["last_seq"], REGION, DEPARTEMENT)
        waits.append(time.monotonic() - begun)
    decided = command_carried_out(all, number)
    assert missing(all.region) == missing(all.departement) == 1, "it is still on its way"
    assert max(waits) < 6 and decided < 6, (waits, decided)
    for proxy in (all.to_region, all.to_departement):
        proxy.heal()
    for node in (all.region, all.departement):
        until("the document is there", lambda n=node: missing(n) == 0, 60)
        stored = max(file.stat().st_size for file in node.data.rglob("*") if file.is_file() and "journal" not in file.name)
        assert stored >= 20 * MIB - 1000, stored
    return f"witnessed in {max(waits):.2f} s, a command carried out in {decided:.2f} s, in front of 20 MiB"


# -- bad people -------------------------------------------------------------------------------------------------------


def strangers(all, server):
    """Whoever reaches the port without a key of the directory: refused, counted, and nothing of it stays."""
    region = all.region
    before, counted = region.resident_bytes(), region.metric("toit_link_strangers_total")
    with RudePeer(region.link_port, server, LinkKey()) as stranger:
        assert not stranger.is_let_in(2)
    until("a stranger is counted", lambda: region.metric("toit_link_strangers_total") > counted)
    counted = region.metric("toit_link_strangers_total")
    for i in range(60):
        shout(region.link_port, [secrets.token_bytes(200) if i % 2 else GREETING + secrets.token_bytes(2000)])
    until("each is counted", lambda: region.metric("toit_link_strangers_total") >= counted + 60)
    # A greeting, then a frame that says to be very large: it is not waited for.
    endless = [GREETING, b"\x06" + (1 << 62).to_bytes(8, "big")] + [bytes(MIB)] * 64
    taken = [shout(region.link_port, endless) for _ in range(2)]
    assert max(taken) < 32 * MIB, taken
    all_witnessed(all.town, all.town.record()["last_seq"], REGION)
    assert region.resident_bytes() - before < 48 * MIB, (before, region.resident_bytes())
    assert region.link(OTHER)["misbehaviours"] == 0, "nobody is blamed for what a stranger does"


def hello(sender, run):
    return envelope(sender, "region", 1, run, 1, int(time.time() * 1000), [])


def forged_envelopes(all, peer):
    """Somebody whom the directory names says what is not so: counted, told, and nothing of it is recorded."""
    region, town = all.region, all.town
    head = region.head(TOWN)
    run = secrets.token_bytes(16)
    good = hello(OTHER, run)
    peer.send(good)
    until("he is heard", lambda: region.link(OTHER).get("last_heard"))
    assert region.link(OTHER)["misbehaviours"] == 0
    own = region.head(REGION)
    mark = [REGION, 0, own["seq"], bytes.fromhex(own["link"]), f"T{OTHER_TERRITORY}", 1, bytes(8), bytes(64)]
    altered = bytearray(good)
    altered[-12] ^= 0x80
    forged = (
        hello("town", run),  # in another's name
        bytes(altered[:-1]),
        envelope(OTHER, "departement", 1, run, 1, 0, []),  # to another
        envelope(OTHER, "region", 5, [mark]),
        envelope(OTHER, "region", 8, [TOWN, [], [], []]),  # what was not asked for
        envelope(OTHER, "region", 3, [f"T{OTHER_TERRITORY}", 0, 1 << 44, bytes(32)], 1000, False, False),
    )
    for number, said in enumerate(forged, 1):
        peer.send(said)
        until(f"forgery {number} is counted", lambda n=number: region.link(OTHER)["misbehaviours"] == n)
    assert region.alarms("misbehaving", node=OTHER) and region.alarms("bad_signature", node=OTHER)
    assert region.metric("toit_federation_alarms") == 2
    assert region.metric("toit_link_misbehaviours", node=OTHER) == len(forged)
    assert region.metric("toit_link_misbehaviours", node="town") == 0
    peer.send(good)  # again, as it was: nothing new
    # What is asked for of another's stream is not given.
    peer.send(envelope(OTHER, "region", 3, [TOWN, 0, 0, bytes(32)], 1 << 20, True, True))
    answers = []
    while heard := peer.hear(1):
        answers.append(heard[2])
    assert answers and not any(b"\x08" + b"\x91\x94\xaa" + TOWN.encode() in said for said in answers), "nothing is given"
    assert region.link(OTHER)["misbehaviours"] == len(forged)
    assert region.head(TOWN)["link"] == head["link"] or region.head(TOWN)["seq"] > head["seq"]
    assert not region.alarms("forked") and town.link("region")["state"] == "up"


def replayed_frame(all, server, key):
    """A message with a number that was there before: the link ends."""
    strays = all.region.metric("toit_link_strays_total")
    with RudePeer(all.region.link_port, server, key) as peer:
        assert peer.is_let_in()
        peer.send(hello(OTHER, secrets.token_bytes(16)))
        until("he is up", lambda: all.region.link(OTHER)["state"] == "up")
        assert all.region.metric("toit_link_strays_total") == strays, "what is in order is none"
        peer.number -= 1
        peer.send(hello(OTHER, secrets.token_bytes(16)))
        while (heard := peer.hear()) and heard[0] != BYE:
            pass
        assert heard, "he is told"
        until("the link has ended", lambda: all.region.link(OTHER)["state"] == "down")
    until("it is counted", lambda: all.region.metric("toit_link_strays_total") > strays)


def first_link(stream):
    """On which the first entry follows (docs/journal-format.md)."""
    return digest("toit.stream", stream.encode())


def digest(purpose, *parts):
    return hashlib.blake2b(b"".join(parts), digest_size=32, person=purpose.encode().ljust(16, b"\0")).digest()


def opening_as_of(town, stream):
    """The entry and head with which the town's own stream begins, as if they were of this one: all of it is right but
    the signature, which the town's key has not made."""
    with closing(sqlite3.connect(f"file:{town.data}/journal.sqlite?mode=ro", uri=True)) as journal:
        epoch, at, subject, previous, commitment, nonce, content = journal.execute(
            "SELECT epoch, recorded_at, subject, previous, commitment, nonce, content FROM entry"
            " WHERE place % (1 << 44) = 1 AND content IS NOT NULL ORDER BY place"
        ).fetchone()
    leaf = digest("toit.leaf", struct.pack(">QIQ", 1, epoch, at), subject, struct.pack(">Q", previous), commitment)
    link = digest("toit.link", first_link(stream), leaf)
    entry = [1, epoch, at, subject, previous, commitment, nonce, content]
    return entry, [stream, epoch, 1, 1, 0, link, bytes(8), bytes(64)]


def is_asked_for(peer, stream):
    question = envelope("region", OTHER, 3)[:-1]
    while heard := peer.hear():
        if heard[2].startswith(question) and stream.encode() in heard[2]:
            return
    raise AssertionError("nobody asks him for his stream")


def spoilt_entries(all, peer):
    """Somebody whom the directory names brings what he is asked for, and it is not what it should be: told, each as
    what it is, and nothing of it is kept; settled once he has no more than is here."""
    region, stream = all.region, f"T{OTHER_TERRITORY}"
    entry, head = opening_as_of(all.town, stream)
    stands_at = (stream, 0, 1, head[5])
    misbehaviours = region.link(OTHER)["misbehaviours"]

    def says(position):
        now = int(time.time() * 1000)
        peer.send(envelope(OTHER, "region", 1, secrets.token_bytes(16), 1, now, [list(position)]))

    says(stands_at)
    is_asked_for(peer, stream)
    altered = entry[:-1] + [entry[-1][:-1] + bytes([entry[-1][-1] ^ 1])]
    for kind, brought in (("altered", altered), ("bad_signature", entry)):
        assert not region.alarms(kind, stream=stream)
        counted = region.metric("toit_federation_alarms", kind=kind)
        peer.send(envelope(OTHER, "region", 8, [stream, [brought], [head], [], []]))
        alarm = until(f"{kind} is told", lambda k=kind: region.alarms(k, stream=stream, node=OTHER))[0]
        assert alarm["seq"] == 1, alarm
        assert region.metric("toit_federation_alarms", kind=kind) == counted + 1
    assert region.link(OTHER)["misbehaviours"] == misbehaviours, "he was asked for it"
    says((stream, 0, 0, first_link(stream)))  # nothing: as much as there is here
    for kind in ("altered", "bad_signature"):
        until(f"{kind} is settled", lambda k=kind: not region.alarms(k, stream=stream))


def takes_nothing(all, peer):
    """He asks for all of a stream without end and acknowledges nothing: what was sent is sent again so much a second."""
    region, town = all.region, all.town
    before, sent = region.resident_bytes(), region.metric("toit_link_bytes_total", direction="out")
    begun = time.monotonic()
    start = envelope(OTHER, "region", 3, [REGION, 0, 0, first_link(REGION)], 16 * MIB, True, True)
    for _ in range(12_000):
        if not peer.send(start):
            break
    all_witnessed(town, town.record()["last_seq"], REGION)
    time.sleep(1)  # until it is counted
    sent, took = region.metric("toit_link_bytes_total", direction="out") - sent, time.monotonic() - begun
    assert 0 < sent < 5 * MIB * (took + 1), (sent, took)
    assert not region.alarms("forked"), "he has asked for what is there"
    assert region.resident_bytes() - before < 160 * MIB, (before, region.resident_bytes())


# More than a million numbers in the place of entries: it takes longer to read than to send.
LONG_TO_READ = envelope(OTHER, "region", 8)[:-1] + b"\xdc\x00\x14" + 20 * (b"\xdc\xff\xff" + bytes(65535))


def floods(all, peer):
    """As much as the line carries, of nothing that means anything: what comes faster than it is read is dropped, then
    he is not heard for a minute; the others are."""
    region, town = all.region, all.town
    before = region.resident_bytes()
    unread = region.metric("toit_link_unread_total")
    with Writing(town) as writing:
        sent = sum(peer.send(LONG_TO_READ) for _ in range(320))
        until("some of it is not read", lambda: region.metric("toit_link_unread_total", node=OTHER) > 0)
        sent += sum(peer.send(b"\x95\x01" + bytes(100)) for _ in range(30_000))
        sent += sum(peer.send(bytes(MIB)) for _ in range(60))
        assert sent > 1000
        until("he is counted", lambda: region.link(OTHER)["misbehaviours"] >= 1000, 30)
        all_witnessed(town, town.record()["last_seq"], REGION)
        assert region.resident_bytes() - before < 160 * MIB, (before, region.resident_bytes())
    writing.check(REGION, least=1)
    assert region.alarms("misbehaving", node=OTHER)
    assert region.metric("toit_link_misbehaviours", node=OTHER) >= 1000
    assert region.metric("toit_link_misbehaviours", node="town") == 0
    assert region.metric("toit_link_unread_total") - unread == region.metric("toit_link_unread_total", node=OTHER)
    # A thousand a minute, and a minute may have ended meanwhile.
    assert region.link(OTHER)["misbehaviours"] <= 2100, "beyond that, nothing of his is read for a while"


# -- directories ------------------------------------------------------------------------------------------------------


def revoked_keys(all, server, key):
    """One directory that revokes a link key, which was stolen, and a signing key, brought to one node: the thief is sent
    away everywhere; what is signed under the other is recorded where it is signed, and taken by nobody. What is left
    for the next directory: an entry that nobody has witnessed, and a command that nobody could answer."""
    region, departement, town = all.members
    with RudePeer(departement.link_port, all.link_key(departement), key) as thief:
        assert thief.is_let_in(), "until it is revoked"
        all.bring(all.issue(revoked=[(OTHER, "link_keys"), ("town", "signing_keys")],
                            sealed_to_nobody=("region",)), region)
        for node in all.members:
            until(f"{node.name} has it", lambda n=node: n.metric("toit_directory_number") == all.number)
        while (heard := thief.hear()) and heard[0] != BYE:
            pass
        assert heard, "the thief is sent away where he is"
    for node, public in ((region, server), (departement, all.link_key(departement))):
        counted = node.metric("toit_link_strangers_total")
        with RudePeer(node.link_port, public, key) as again:
            assert not again.is_let_in(1)
        until("he is a stranger now", lambda n=node, c=counted: n.metric("toit_link_strangers_total") > c)
        assert node.link(OTHER)["state"] == "down"
    seq = town.record()["last_seq"]
    until("it is told", lambda: region.alarms("bad_signature", stream=TOWN, node="town"))
    assert region.metric("toit_federation_alarms", kind="bad_signature") >= 1
    assert not town.is_witnessed(seq, REGION)
    assert region.head(TOWN)["seq"] < seq
    # The same directory lacks the key to which an answer to the prefect of the région would be sealed.
    executed = town.metric("toit_commands_executed_total")
    assert town.metric("toit_commands_waiting") == 0
    issued = command(region, registered(Session(town, "guichet")))
    until("his command waits", lambda: town.metric("toit_commands_waiting") == 1)
    assert town.metric("toit_commands_executed_total") == executed
    return seq, issued


def expired_directory(all, unwitnessed, issued):
    """Recording goes on and receipts say so; a newer one, brought to one node, is fetched by the others."""
    town = all.town
    all.bring(all.issue(issued_at="2024-01-01T00:00:00Z", valid_until="2025-01-01T00:00:00Z"), all.region)
    for node in all.members:
        until(f"{node.name} knows", lambda n=node: n.alarms("directory_expired"))
        assert node.metric("toit_federation_alarms", kind="directory_expired") == 1
    receipt = town.record()
    assert receipt["unconfirmed_since"], receipt
    all.bring(all.issue(), all.region)
    for node in all.members:
        until(f"{node.name} has a newer one", lambda n=node: n.standing()["directory_number"] == all.number)
        until(f"{node.name} is content", lambda n=node: not n.alarms("directory_expired"))
    until("receipts are sure again", lambda: "unconfirmed_since" not in town.record())
    all_witnessed(town, max(unwitnessed, receipt["last_seq"]), REGION)
    until("it is settled", lambda: not all.region.alarms("bad_signature", stream=TOWN))
    told = answer_of(all.region, issued)
    assert (told["state"], told["refused"]) == ("refused", "E_NOT_EMPOWERED"), "a département's own matter"
    until("no command waits", lambda: town.metric("toit_commands_waiting") == 0)


def main():
    key = LinkKey()
    done = []
    with Federation(OTHER, OTHER_TERRITORY, key.public) as all:
        server = all.link_key(all.region)

        def step(name, work, *arguments):
            begun = time.monotonic()
            told = work(*arguments)
            for node in all.members:
                node.check_memory()
            done.append(f"{name} ({time.monotonic() - begun:.1f} s){f': {told}' if isinstance(told, str) else ''}")
            print(done[-1], flush=True)
            return told

        step("cut and healed", cut_and_heal, all)
        step("delayed, doubled, altered", spoilt_lines, all)
        step("stalled", stalled_node, all)
        step("20 MiB in front", large_document, all)
        silent = step("half-open", HalfOpen, all)
        step("strangers", strangers, all, server)
        with RudePeer(all.region.link_port, server, key) as peer:
            assert peer.is_let_in()
            step("forged", forged_envelopes, all, peer)
            step("altered and badly signed", spoilt_entries, all, peer)
            step("takes nothing", takes_nothing, all, peer)
        step("replayed", replayed_frame, all, server, key)
        with RudePeer(all.region.link_port, server, key) as peer:
            assert peer.is_let_in()
            step("flood", floods, all, peer)
        left = step("revoked keys", revoked_keys, all, server, key)
        step("expired directory", expired_directory, all, *left)
        step("found silent", silent.check)
        all.stop()
        all.town.verify()
    print(f"{len(done)} faults, and every receipt stands")


main()
