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
        place = "(SELECT max(place) - 5 FROM entry)"
        for statement, values in (
            (f"UPDATE entry SET content = zeroblob(length(content)) WHERE place = {place}", ()),
            (f"DELETE FROM entry WHERE place = {place}", ()),
            ("DELETE FROM entry WHERE place = (SELECT max(place) FROM entry)", ()),
            ("UPDATE head SET signature = zeroblob(64)", ()),
        ):
            shutil.rmtree(node.data)
            shutil.copytree(whole, node.data)
            alter(node.data / "journal.sqlite", statement, *values)
            told = node.verify(expect=3)
            assert "200057867" in told, told
        shutil.rmtree(node.data)
        shutil.copytree(whole, node.data)

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
        shutil.rmtree(node.data)
        shutil.copytree(whole, node.data)
        logs = sorted((node.data / "log").glob("log-*.sqlite"))
        assert logs, "consultations and attempts have a file of their own"
        node.verify()

        # A node does not begin on a damaged tail.
        alter(node.data / "journal.sqlite", f"UPDATE entry SET subject = randomblob(16) WHERE place = {place}")
        shutil.rmtree(node.data / "snapshots")
        node.run("node", "run", "--config", node.config, expect=3)
        shutil.rmtree(node.data)
        shutil.copytree(whole, node.data)
        node.start()
    print("an altered journal is found, with its place")


main()
