#!/usr/bin/env python3
"""A backup taken while the node is at work is put back, verifies and goes on; a damaged one is refused; what has been
erased since stays erased.

# [L441-2-7-1-1c]
"""

import json
import shutil
import sqlite3
import threading
import time

from node import Node, Session, assigned, form


def register(desk, given_names="Camille"):
    event = {"channel": "desk", "identity_document_seen": True, "form": form(given_names)}
    return desk.post("/v1/demandes", {"event": event})


def at_work(node, until):
    """Registers without a pause until it is told to stop; answers with how many were promised."""
    promised = []

    def work():
        desk = Session(node, "guichet")
        while not until.is_set():
            promised.append(register(desk)["last_seq"])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    return threads, promised


def go_to(node, day):
    admin = node.administrator()
    admin.put("/v1/clock", {"event": {"now": f"{day}T08:00:00.000Z"}})
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        clock = admin.get("/v1/clock")
        if clock["day_done"] and clock["day_kept"] == day:
            return
        time.sleep(0.1)
    raise AssertionError("the days were not kept in time")


def erased_in(journal):
    with sqlite3.connect(f"file:{journal}?mode=ro", uri=True) as database:
        (count,) = database.execute("SELECT count(*) FROM entry WHERE content IS NULL").fetchone()
    database.close()
    return count


def head_of(node):
    return json.loads(node.run("verify", node.data, "--json").splitlines()[0])


def more_work(promised, count=11):
    """As fast as this machine is: so many receipts more."""
    most, deadline = len(promised) + count, time.monotonic() + 60
    while len(promised) < most:
        assert time.monotonic() < deadline, promised
        time.sleep(0.01)


def backups_under_load(node):
    stop = threading.Event()
    threads, promised = at_work(node, stop)
    try:
        for name in ("first", "second"):
            more_work(promised)
            before = max(promised, default=0)
            told = json.loads(node.run("--json", "backup", "--config", node.config, "--to", node.path / name))
            assert told["streams"][0]["seq"] >= before, (told, before)
            assert not told["with_keys"] and not (node.path / name / "node.keys").exists()
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert len(promised) > 20, promised
    secrets = [line.split(" = ")[1] for line in (node.path / "node.keys").read_text().splitlines()]
    for file in (node.path / "second").rglob("*"):
        content = file.read_bytes() if file.is_file() else b""
        assert not any(secret.encode() in content or bytes.fromhex(secret) in content for secret in secrets), file
    node.run("verify", node.path / "second", "--keys", node.path / "node.keys")
    refused = node.run("backup", "--config", node.config, "--to", node.path / "second", expect=1)
    assert "dossier vide" in refused, refused


def restore(node, *more, expect=0):
    return node.run("restore", "--config", node.config, "--from", node.path / "second", *more, expect=expect)


def damaged_are_refused(node):
    whole = node.path / "whole"
    shutil.copytree(node.path / "second", whole)
    journal = node.path / "second" / "journal.sqlite"

    def put_back():
        shutil.rmtree(node.path / "second")
        shutil.copytree(whole, node.path / "second")

    content = bytearray(journal.read_bytes())
    content[len(content) // 2] ^= 1
    journal.write_bytes(content)
    restore(node, expect=3)
    put_back()
    (node.path / "second" / "manifest.json").unlink()
    restore(node, expect=1)
    put_back()
    assert not (node.data / "journal.sqlite").exists()
    # What was interrupted does not begin another stream.
    assert (node.data / "restoring").exists()
    node.run("node", "run", "--config", node.config, expect=1)


def other_keys(node):
    """The stream goes on under other keys; a backup from before is put back under them, and takes the rest back."""
    before = json.loads(node.run("--json", "keys", "show", node.path / "node.keys"))
    told = json.loads(node.run("--json", "keys", "rotate", "--config", node.config))
    assert told["signing_key"] != before["signing_key"] and told["link_key"] != before["link_key"]
    node.start()
    node.run("keys", "rotate", "--config", node.config, expect=1)
    register(Session(node, "guichet"))
    node.stop()
    node.verify()
    lost = node.path / "lost again"
    shutil.move(node.data, lost)
    third = node.path / "third"
    node.run("restore", "--config", node.config, "--from", third)
    shutil.rmtree(node.data)
    node.run("restore", "--config", node.config, "--from", third, "--newer", lost)
    node.start()
    register(Session(node, "guichet"))
    node.stop()
    node.verify()
    node.start()


def main():
    with Node() as node:
        admin = node.administrator()
        node.add_body(admin, "guichet", 90100000, "commune", [{"quality": "service_enregistreur", "registers_as": "e"}])
        desk = Session(node, "guichet")
        number = assigned(register(desk, "Oubliable"), "number")
        backups_under_load(node)
        # He is reminded and does not renew: radiated after a year and a month, and erased a year later.
        go_to(node, "2024-12-09")
        admin.event(number, "renewal_notice_sent", {"channels": ["post"]})
        go_to(node, "2026-06-01")
        last = head_of(node)
        assert last["erased"] > 0
        node.stop()

        lost = node.path / "lost"
        shutil.move(node.data, lost)
        damaged_are_refused(node)
        told = restore(node)
        assert "effacez-le de nouveau" in told, told
        assert erased_in(node.data / "journal.sqlite") == 0
        assert "n'est pas vide" in restore(node, expect=1)

        shutil.rmtree(node.data)
        restore(node, "--newer", lost)
        now = head_of(node)
        assert (now["entries"], now["link"], now["erased"]) == (last["entries"], last["link"], last["erased"])
        node.verify()
        node.start()
        desk = Session(node, "guichet")
        found = desk.raw("GET", f"/v1/demandes/{number}", headers={"Toit-Purpose": "shared_management",
                                                                    "Authorization": f"Bearer {desk.token}"})
        assert found[0] == 404 and b"Oubliable" not in found[2], found
        register(desk)
        node.stop()
        node.verify()
        told = node.run("backup", "--config", node.config, "--to", node.path / "third", "--with-keys")
        assert "LES CLÉS DU NŒUD Y SONT" in told, told
        other_keys(node)
    print("a backup was taken at work, put back, and went on; what was erased stayed erased; so it did under other keys")


main()
