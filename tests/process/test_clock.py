#!/usr/bin/env python3
"""Clocks that are wrong, between nodes of production: a neighbour's is told and settled; one that jumps while its node
serves freezes what happens by itself, through a restart, until it is confirmed; recording and links go on meanwhile.

# [L441-2-7-1-1a] [R441-2-15-I-0-1]
"""

import os
import secrets
import struct
import subprocess
import tempfile
import time
from pathlib import Path

from federation import DEPARTEMENT, OTHER_TERRITORY, REGION, Federation, until
from node import PASSWORD, Node, siren
from rude_peer import LinkKey, RudePeer, envelope

OTHER = "est-ensemble"
TEN_MINUTES_MS = 600_000
FORTY_DAYS_S = 40 * 86_400

# Time of day as a file says, so many seconds away from the machine's; nothing else of time changes.
OTHER_CLOCK = r"""
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
static volatile const int64_t* away;
__attribute__((constructor)) static void begin(void) {
  int file = open(getenv("TOIT_TEST_CLOCK"), O_RDONLY);
  away = mmap(0, sizeof *away, PROT_READ, MAP_SHARED, file, 0);
  close(file);
}
int clock_gettime(clockid_t which, struct timespec* now) {
  int failed = (int)syscall(SYS_clock_gettime, which, now);
  if (!failed && which == CLOCK_REALTIME && away) now->tv_sec += *away;
  return failed;
}
"""


class Clock:
    """The clock of one node, in a file that its process watches."""

    def __init__(self, library, node):
        self.file = node.path / "clock"
        self.set(0)
        node.environment = {
            "LD_PRELOAD": str(library),
            "TOIT_TEST_CLOCK": str(self.file),
            # A sanitizer wants to come before every other library.
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0",
        }

    def set(self, away_s):
        with open(self.file, "r+b" if self.file.exists() else "wb") as file:
            file.write(struct.pack("q", away_s))


def make_library(folder):
    source, library = folder / "other_clock.c", folder / "other_clock.so"
    source.write_text(OTHER_CLOCK)
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, source], check=True)
    return library


def make_certificate(folder):
    """A node of production makes none: one that a demonstration has made for itself."""
    with Node() as demonstration:
        for name in ("certificate.pem", "private_key.pem"):
            (folder / name).write_bytes((demonstration.data / "tls" / name).read_bytes())
            (folder / name).chmod(0o600)
    return folder


def wrong_neighbour(all, server, key):
    """He says hello with a time that is not ours, then with one that is."""
    region, run = all.region, secrets.token_bytes(16)

    def says_hello(away_ms):
        peer.send(envelope(OTHER, "region", 1, run, 1, int(time.time() * 1000) + away_ms, []))

    with RudePeer(region.link_port, server, key) as peer:
        assert peer.is_let_in()
        for away_ms in (TEN_MINUTES_MS, -TEN_MINUTES_MS):
            says_hello(away_ms)
            until("it is told", lambda: region.alarms("clock_apart", node=OTHER))
            until("and counted", lambda: region.metric("toit_federation_alarms", kind="clock_apart") == 1)
            says_hello(0)
            until("it is settled", lambda: not region.alarms("clock_apart"))
        until("and no more counted", lambda: region.metric("toit_federation_alarms") == 0)
    assert region.link(OTHER)["misbehaviours"] == 0, "a wrong clock is no misdeed"


def record(town):
    """An entry that confirms nothing."""
    record.count += 1
    person = {"legal_person": siren(91_000_000 + record.count), "person_kind": "commune", "name": "Fictive"}
    return town.asked(lambda session: session.post("/v1/legal-persons", {"event": person}))["last_seq"]


record.count = 0


def frozen(node):
    return node.metric("toit_clock_frozen") == 1


def goes_on(town):
    seq = record(town)
    until(lambda: town.marks(seq), lambda: town.is_witnessed(seq, REGION, DEPARTEMENT))


def clock_jumps(all, clocks):
    """The town's alone goes forty days ahead; then, it was the others' that were late."""
    town = all.town
    goes_on(town)
    assert not frozen(town)
    clocks[town.name].set(FORTY_DAYS_S)
    until("it is frozen", lambda: frozen(town))
    for node, others in ((town, (all.region, all.departement)), (all.region, (town,)), (all.departement, (town,))):
        for other in others:
            until(f"{node.name} tells of {other.name}", lambda n=node, o=other: n.alarms("clock_apart", node=o.name))
    goes_on(town)
    assert town.get("/v1/clock")["frozen"] and not frozen(all.region), "the neighbours' effects go on"

    town.stop()
    town.start()
    until("a restart confirms nothing", lambda: frozen(town))
    until("the links are up again", all.all_up)
    goes_on(town)
    assert frozen(town), "nor does an entry"

    for name in (all.region.name, all.departement.name):
        clocks[name].set(FORTY_DAYS_S)
    for node in all.members:
        until(f"{node.name} sees no clock apart", lambda n=node: not n.alarms("clock_apart"))
    there = ("--host", "127.0.0.1", "--port", town.port, "--certificate", town.certificate, "--login", "gestionnaire")
    town.run("clock", "confirm", *there, text=PASSWORD + "\n")
    until("what happens by itself goes on", lambda: not frozen(town))
    assert not town.get("/v1/clock")["frozen"]
    goes_on(town)


def main():
    key = LinkKey()
    with tempfile.TemporaryDirectory(prefix="toit-test-") as scratch:
        library = make_library(Path(scratch))
        certificate = make_certificate(Path(scratch))
        all = Federation(OTHER, OTHER_TERRITORY, key.public, production=certificate)
        clocks = {node.name: Clock(library, node) for node in all.members}
        with all:
            wrong_neighbour(all, all.link_key(all.region), key)
            clock_jumps(all, clocks)
            all.stop()
            all.town.verify()
    print("a clock that is apart is told and settled; one that jumps freezes what happens by itself, and nothing else")


main()
