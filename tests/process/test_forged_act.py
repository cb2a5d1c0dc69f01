#!/usr/bin/env python3
"""An arrêté that takes a territory over, in the competent prefect's journal and brought by his own node, signed with a
key that is not his any more: somebody has stolen it. Nobody takes it, the territory goes on, and whoever looks after a
node is told. Once the directory gives him that key again the very same entries count, and the territory passes.

# [L441-2-7-4-1]
"""

import time

from federation import REGION, TERRITORY, TOWN, Federation, until
from passing import HOSTED, Prefect, Territory, epoch, opened, passing

FORGED = {"kind": "bad_signature", "stream": REGION, "node": "region"}
HELD_WITHIN_S = 90  # who says to hold more of its stream than a node itself is believed for half a minute


def habilitate_the_epci(town):
    granted = {"legal_person": TERRITORY, "quality": "epci_responsable", "from": "2015-01-01"}
    town.api().post("/v1/habilitations", {"event": {"habilitation": granted}})


def in_force(nodes, signed):
    nodes.bring(signed, *nodes.members)
    for node in nodes.members:
        until(f"{node.name} has it", lambda n=node: n.metric("toit_directory_number") == nodes.number)


def record(territory):
    """At home; what is refused meanwhile as too busy is asked for again."""

    def recorded():
        own = territory.own()
        return own and (territory.record(own, "") or True)

    until("the territory's own node records", recorded, HELD_WITHIN_S)


def main():
    with Federation(own_services=True) as nodes:
        region, departement, town = nodes.region, nodes.departement, nodes.town
        territory, prefect = Territory(nodes), Prefect(region)
        habilitate_the_epci(town)
        record(territory)
        until("the région holds it", lambda: region.head(TOWN)["seq"] >= town.head(TOWN)["seq"])
        prefect.find_carence()
        before, taken = epoch(town), region.head(REGION)["seq"]
        others = (departement, town)
        for node in others:
            until("they hold what he has signed", lambda n=node: n.head(REGION)["seq"] >= taken)
            assert not node.alarms("bad_signature") and node.metric("toit_federation_alarms", kind="bad_signature") == 0

        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        in_force(nodes, nodes.issue(revoked=[("region", "signing_keys")], revoked_at=now))
        heads = {node.name: node.head(REGION) for node in others}
        prefect.sign("2026-FICTIF-FAUX")
        prefect.tomorrow()
        until("an epoch is opened in his journal", lambda: opened(region, before))
        for node in others:
            until(f"{node.name} tells of it", lambda n=node: n.alarms(**FORGED))
            assert node.metric("toit_federation_alarms", kind="bad_signature") >= 1
        for _ in range(3):
            record(territory)
        for node in others:
            assert node.head(REGION) == heads[node.name], "nothing of it is kept"
            assert passing(node)[0] == epoch(node) == before, (node.name, passing(node), epoch(node))
        written = town.head(TOWN)
        until("the territory is witnessed as before", lambda: departement.head(TOWN)["seq"] >= written["seq"])
        assert region.head(REGION)["seq"] > max(head["seq"] for head in heads.values())

        in_force(nodes, nodes.issue())
        until("it is the prefect's word", lambda: passing(departement)[0] == before + 1, within_s=60)
        until("the former host is fenced", lambda: territory.own() is None)
        hosted = until("taken over", territory.hosted, within_s=60)
        until(lambda: territory.missing(hosted, HOSTED), lambda: not territory.missing(hosted, HOSTED), within_s=60)
        until("the département is content", lambda: not departement.alarms(**FORGED))
        nodes.stop()
        for node in nodes.members:
            node.verify()
    print(f"an act under a key that is not his moved nothing; {len(territory.acknowledged)} entries are there")


main()
