#!/usr/bin/env python3
"""A disk that fills up makes a real node read-only, visibly; nothing acknowledged is lost, and with room it records
again.

# [R441-2-15-I-9]
"""

import os
import subprocess
import sys
import tempfile
import time

from crowd import REGISTRATION, sequences, timeline
from node import Node, Refused, Session, assigned, form

DISK_MIB = 48
INSIDE = "TOIT_TEST_DISK"  # names the small disk, in the namespace that has it


def with_a_small_disk():
    """This script once more, in a namespace of its own with a small disk that nobody else sees."""
    with tempfile.TemporaryDirectory(prefix="toit-disk-") as place:
        mount = f'mount -t tmpfs -o size={DISK_MIB}m none "$0"'
        for apart in (["unshare", "--user", "--map-root-user", "--mount"], ["unshare", "--mount"]):
            tried = subprocess.run([*apart, "sh", "-c", mount, place], capture_output=True, timeout=60, check=False)
            if tried.returncode == 0:
                inside = [*apart, "sh", "-c", f'{mount} && exec "$@"', place, sys.executable, __file__]
                return subprocess.run(inside, env={**os.environ, INSIDE: place}, timeout=300, check=False).returncode
        return 77


def fill(place):
    """Leaves no byte on the disk."""
    with open(os.path.join(place, "filler"), "wb", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(65536))
        except OSError:
            pass


def code_of(work):
    try:
        return work()
    except Refused as refused:
        return refused.status, refused.code


def wait_for(status, node):
    for _ in range(200):
        if Session(node).raw("GET", "/readyz")[0] == status:
            return
        time.sleep(0.1)
    raise AssertionError(f"/readyz is not {status}: {node.log.read_text()[-1500:]}")


def metric(node, name):
    lines = Session(node).raw("GET", "/metrics")[2].decode().splitlines()
    return next(line.split()[-1] for line in lines if line.startswith(name + " "))


def main(place):
    with Node(place=place) as node:
        admin = node.administrator()
        node.add_body(admin, "guichet", 90100000, "commune", [{"quality": "service_enregistreur", "registers_as": "e"}])
        desk = Session(node, "guichet")

        def register():
            return desk.post("/v1/demandes", {"event": {**REGISTRATION, "form": form()}})

        receipts = [register() for _ in range(5)]
        wait_for(200, node)
        fill(place)
        for _ in range(2000):
            answer = code_of(register)
            if isinstance(answer, tuple):
                break
            receipts.append(answer)
        assert answer == (503, "E_READ_ONLY"), answer
        wait_for(503, node)
        assert metric(node, "toit_read_only") == "1"

        # What needs no line in the log of consultations is still answered; what needs one is not shown without.
        assert Session(node).get("/v1/streams/T200057867/head")["seq"] >= receipts[-1]["last_seq"]
        assert desk.get("/v1/clock")["today"]
        number = assigned(receipts[0], "number")
        shown = code_of(lambda: timeline(desk, number))
        assert isinstance(shown, dict) or shown == (503, "E_READ_ONLY"), shown

        os.remove(os.path.join(place, "filler"))
        wait_for(200, node)
        assert metric(node, "toit_read_only") == "0"
        receipts.append(register())
        for receipt in receipts:
            assert receipt["first_seq"] in sequences(timeline(desk, assigned(receipt, "number")))
        node.stop()
        node.verify()
    print(f"a full disk: {len(receipts)} receipts kept, read-only seen, room made, recording again")


if INSIDE in os.environ:
    main(os.environ[INSIDE])
else:
    code = with_a_small_disk()
    if code == 77:
        print("no namespace with a disk of its own can be made here")
    sys.exit(code)
