#!/usr/bin/env python3
"""Forty territories of Île-de-France, each with a node of its own, adhere to one regional system: one node serves them
all, is killed, and serves them all again; each keeps its own entries and its own authority, and takes both along when it
leaves. A run of its own, for it takes minutes:

    tests/process/forty_territories.py [--territories N]

# [L441-2-7-2-1] [L441-2-7-1-1a]
"""

import argparse
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from federation import Federation, adhere, leave, let_adhere, session_where_served, until
from node import siren

MAP = Path(__file__).resolve().parents[2] / "config/territories/communes.tsv"
ILE_DE_FRANCE = ("75", "77", "78", "91", "92", "93", "94", "95")


def territories_of_ile_de_france():
    """Those that lie in it whole: one prefect orders for them."""
    lies_in = {}
    for line in MAP.read_text().splitlines():
        if line.startswith("#"):
            continue
        commune, _, _, territory = line.split("\t")[:4]
        lies_in.setdefault(territory, set()).add(commune[:2] in ILE_DE_FRANCE)
    return sorted(territory for territory, inside in lies_in.items() if inside == {True})


class Adherent:
    """A territory, wherever it is served; and the legal persons that it was told to enter."""

    def __init__(self, number, node, host):
        self.number, self.node, self.host = number, node, host
        self.prefix = f"/territoires/{node.siren}"
        self.entered = []

    def own(self):
        return session_where_served(self.node, "")

    def hosted(self):
        return session_where_served(self.host, self.prefix)

    def enter(self, session, prefix):
        person = siren(98_000_000 + 1_000 * self.number + len(self.entered))
        body = {"legal_person": person, "person_kind": "other", "name": "Corps fictif"}
        session.post(f"{prefix}/v1/legal-persons", {"event": body})
        self.entered.append(person)

    def check(self, session, prefix):
        """All that it entered is there, and nothing that another did."""
        told = session.get(f"{prefix}/v1/legal-persons?limit=200")
        known = {one["legal_person"] for one in told["items"] if one["legal_person"].startswith("98")}
        assert known == set(self.entered), (self.node.name, known ^ set(self.entered))

    def adhere(self):
        own = until(f"{self.node.name} is served at home", self.own)
        self.enter(own, "")
        adhere(own, self.node.siren, self.host)
        own.close()

    def leave(self):
        there = self.hosted()
        leave(there, self.prefix)
        there.close()

    def go_on_hosted(self):
        session = until(f"{self.node.name} is served by the host", self.hosted, within_s=180)
        self.check(session, self.prefix)
        self.enter(session, self.prefix)
        session.close()

    def check_authority(self):
        session = self.hosted()
        stands = session.get(f"{self.prefix}/v1/dispositif")["stands"]
        assert stands["form"] == "adhered", stands
        session.close()
        assert self.own() is None, f"{self.node.name} is served twice"

    def come_home(self):
        session = until(f"{self.node.name} is served at home", self.own, within_s=180)
        self.check(session, "")
        self.enter(session, "")
        session.close()
        assert self.hosted() is None, f"{self.node.name} is served twice"


def of_all(adherents, step):
    """A few at a time, as they would come; the seconds until the last of them is done."""
    begun = time.monotonic()
    with ThreadPoolExecutor(4) as some:
        for _ in some.map(step, adherents):
            pass
    return time.monotonic() - begun


def main():
    asked = argparse.ArgumentParser()
    asked.add_argument("--territories", type=int, default=40)
    how_many = asked.parse_args().territories
    chosen = territories_of_ile_de_france()[:how_many]
    assert len(chosen) == how_many
    with Federation(town=chosen[0], more_towns=chosen[1:], own_services=True) as nodes:
        host = nodes.region
        host.memory_most += how_many << 26
        adherents = [Adherent(n, node, host) for n, node in enumerate(nodes.towns)]
        let_adhere(nodes.region, host)
        of_all(adherents, Adherent.adhere)
        passed_s = of_all(adherents, Adherent.go_on_hosted)
        of_all(adherents, Adherent.check_authority)
        resident = host.resident_bytes()
        host.kill()
        begun = time.monotonic()
        host.start(ready=False)
        of_all(adherents, Adherent.go_on_hosted)
        again_s = time.monotonic() - begun
        leavers, others = adherents[::2], adherents[1::2]
        of_all(leavers, Adherent.leave)
        home_s = of_all(leavers, Adherent.come_home)
        of_all(others, Adherent.go_on_hosted)
        for node in (*nodes.states, *(one.node for one in leavers)):
            assert not [one for one in node.standing()["alarms"] if one["kind"] in ("forked", "altered", "bad_signature")]
        nodes.stop()
        for node in nodes.members:
            node.verify()
    print(
        f"{how_many} territories on one node: served there {passed_s:.1f} s after the last had adhered, "
        f"{again_s:.1f} s after a kill, {len(leavers)} back home in {home_s:.1f} s; the host held {resident >> 20} MiB"
    )


main()
