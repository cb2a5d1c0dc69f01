#!/usr/bin/env python3
"""Whoever alters a journal is found: the place is named, and the node does not serve what it cannot vouch for.

# [L441-2-7-1-1c]
"""

import json
import shutil
import sqlite3

from node import Node, Session, form


def alter(path, statement, *values):
    with sqlite3.connect(path) as database:
        changed = database.execute(statement, values).rowcount
        assert changed > 0, statement
    database.close()


def places_told(report):
    """Sequences that `toit verify --json` names as faults of the stream."""
    told = [json.loads(line) for line in report.splitlines() if line.startswith("{")]
    return [line["seq"] for line in told if line.get("where") == "T200057867"]


def put_back(whole, node):
    shutil.rmtree(node.data)
    shutil.copytree(whole, node.data)


def main():
    with Node() as node:
        admin = node.administrator()
        node.add_body(admin, "guichet", 90100000, "commune", [{"quality": "service_enregistreur", "registers_as": "e"}])
        desk = Session(node, "guichet")
        for _ in range(20):
            last = desk.post(
                "/v1/demandes", {"event": {"channel": "desk", "identity_document_seen": True, "form": form()}}
            )
        desk.get("/v1/demandes?limit=5", purpose="shared_management")
        head = node.path / "head.json"
        head.write_text(json.dumps(last["head"]))
        node.stop()
        node.verify("--head", head)

        whole = node.path / "whole"
        shutil.copytree(node.data, whole)
        last_seq = last["last_seq"]
        fifth, sixth = last_seq - 5, last_seq - 4
        at = "place & ((1 << 44) - 1)"  # an entry's sequence in its stream
        for statements, seq in (
            ([f"UPDATE entry SET content = zeroblob(length(content)) WHERE {at} = {fifth}"], fifth),
            ([f"DELETE FROM entry WHERE {at} = {fifth}"], fifth),
            ([f"DELETE FROM entry WHERE {at} = {last_seq}"], last_seq),
            (
                [
                    f"UPDATE entry SET place = place + 1000000 WHERE {at} = {fifth}",
                    f"UPDATE entry SET place = place - 1 WHERE {at} = {sixth}",
                    f"UPDATE entry SET place = place - 999999 WHERE {at} = {fifth + 1000000}",
                ],
                fifth,
            ),
            ([f"UPDATE head SET signature = zeroblob(64) WHERE {at} = {last_seq}"], last_seq),
        ):
            put_back(whole, node)
            for statement in statements:
                alter(node.data / "journal.sqlite", statement)
            assert places_told(node.verify("--json", expect=3))[0] == seq, statements
        put_back(whole, node)

        # Whole batches cut away leave a whole journal: only a head known from elsewhere tells.
        with sqlite3.connect(node.data / "journal.sqlite") as database:
            place, first = database.execute("SELECT place, first FROM head ORDER BY place DESC LIMIT 1").fetchone()
            stream = place >> 44 << 44
            database.execute("DELETE FROM entry WHERE place >= ?", (stream + first,))
            database.execute("DELETE FROM head WHERE place = ?", (place,))
        database.close()
        node.verify()
        told = node.verify("--head", head, expect=3)
        assert str(last["head"]["seq"]) in told, told
        put_back(whole, node)
        logs = sorted((node.data / "log").glob("log-*.sqlite"))
        assert logs, "consultations and attempts have a file of their own"
        node.verify()

        # A node does not begin on a damaged tail.
        alter(node.data / "journal.sqlite", f"UPDATE entry SET subject = randomblob(16) WHERE place = {place}")
        shutil.rmtree(node.data / "snapshots")
        node.run("node", "run", "--config", node.config, expect=3)

        # What a snapshot stands on is not read at the start: the scrub finds it, and the node ends by itself.
        put_back(whole, node)
        alter(node.data / "journal.sqlite", f"UPDATE entry SET content = zeroblob(length(content)) WHERE {at} = 6")
        node.start(ready=False)
        assert node.process.wait(timeout=60) == 3, node.log.read_text()[-2000:]
        node.process.stdout.close()
        assert "the journal is damaged" in node.log.read_text()
        put_back(whole, node)
        node.start()
    print("an altered journal is found, with its place")


main()
