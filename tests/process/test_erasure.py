#!/usr/bin/env python3
"""A dossier with a document is erased while one of the State's nodes does not run: the certificate says who has not
confirmed it; when that node is there again, entries and document are gone there too, and the certificate is complete.

# [L441-2-7-1-1c]
"""

import secrets
import sqlite3

from crowd import REGISTRATION
from federation import DEPARTEMENT, REGION, Federation, until
from node import Session, assigned, file_document, form

CONTENT_BYTES = 300_000
BEGINS, RADIATED_LONG_AGO = "2024-01-08", "2025-06-02T08:00:00.000Z"


def documents_of(node):
    """Files of its disk as large as the document, which stays encrypted."""
    return [
        file
        for file in node.data.rglob("*")
        if file.is_file() and ".sqlite" not in file.name and file.stat().st_size >= CONTENT_BYTES
    ]


def emptied_in(node, seqs):
    """Of these entries of the town's stream, those that are there without their content."""
    with sqlite3.connect(f"file:{node.data / 'journal.sqlite'}?mode=ro", uri=True) as journal:
        rows = journal.execute(
            "SELECT e.place & 17592186044415 FROM entry e JOIN stream s ON s.number = e.place >> 44 "
            "WHERE s.name LIKE 'T%' AND e.content IS NULL"
        ).fetchall()
    journal.close()
    return seqs & {row[0] for row in rows}


def erasures(town):
    return town.get("/v1/erasures")["items"]


def confirmed_by(erasure):
    return {one["authority"] for one in erasure["holders"] if one.get("confirmed")}


def dossier(town):
    """Registered, with a document, and radiated at the applicant's wish: its entries, and its number."""
    town.add_body(town.api(), "guichet", 90100000, "commune", [{"quality": "service_enregistreur", "registers_as": "e"}])
    desk = Session(town, "guichet")
    receipts = [desk.post("/v1/demandes", {"event": {**REGISTRATION, "form": form("Oubliable")}})]
    number = assigned(receipts[0], "number")
    content = secrets.token_bytes(CONTENT_BYTES)
    receipts.append(file_document(desk, number, {"event": {"type": "tax_notice"}}, content))
    receipts.append(desk.event(number, "radiated", {"motive": "b_renunciation", "written_act": "Lettre fictive"}))
    return {seq for one in receipts for seq in range(one["first_seq"], one["last_seq"] + 1)}, number


def main():
    with Federation(town_begins=BEGINS) as all:
        town, region, departement = all.town, all.region, all.departement
        seqs, number = dossier(town)
        for node in all.members:
            until(f"{node.name} has the document", lambda n=node: len(documents_of(n)) == 1)
        for holder in (region, departement):
            until(f"{holder.name} has the entries", lambda n=holder: n.head(town.stream)["seq"] >= max(seqs))
            assert not emptied_in(holder, seqs)
        departement.stop()

        town.api().put("/v1/clock", {"event": {"now": RADIATED_LONG_AGO}})
        until(lambda: erasures(town), lambda: erasures(town), 60)
        until(lambda: erasures(town), lambda: REGION in confirmed_by(erasures(town)[0]))
        for node in (town, region):
            until(f"the document is gone at {node.name}", lambda n=node: not documents_of(n))
        gone = emptied_in(town, seqs)
        assert gone and emptied_in(region, seqs) == gone, (seqs, gone)
        (listed,) = erasures(town)
        assert not listed["complete"] and DEPARTEMENT not in confirmed_by(listed), listed
        assert len(documents_of(departement)) == 1 and not emptied_in(departement, seqs), "it knows nothing of it yet"

        departement.start()
        until(lambda: erasures(town), lambda: erasures(town)[0]["complete"], 60)
        assert confirmed_by(erasures(town)[0]) >= {REGION, DEPARTEMENT}, erasures(town)
        assert emptied_in(departement, seqs) == gone
        until("the document is gone there too", lambda: not documents_of(departement))
        desk = Session(town, "guichet")
        head = {"Toit-Purpose": "shared_management", "Authorization": f"Bearer {desk.token}"}
        assert desk.raw("GET", f"/v1/demandes/{number}", headers=head)[0] == 404
        all.stop()
        for node in all.members:
            node.verify()
    print(f"{len(gone)} entries and a document, erased at three nodes, one of which learnt of it later")


main()
