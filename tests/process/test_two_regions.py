#!/usr/bin/env python3
"""A territory of two départements in two régions, the CC du Pays Houdanais, with the nodes of its four prefects, each a
process: all hold and countersign, the ordering authority's mark alone makes an entry witnessed; each prefect of a
département speaks for his own; and on a day another prefect orders, while nobody is begun again.

# [L441-2-7-1-1a] [R441-2-15-I-2a] [R441-2-15-II-2]
"""

import datetime

from federation import Federation, until
from node import Session, assigned, form

TOWN = "247800550"
STREAM = f"T{TOWN}"
STATES = (
    ("ile-de-france", "region", "11"),
    ("eure-et-loir", "departement", "28"),
    ("yvelines", "departement", "78"),
    ("centre", "region", "24"),
)
HOUDAN, GOUSSAINVILLE = "78310", "28185"


def durability(town, seq):
    return town.get(f"/v1/entries/{seq}")["durability"]


def all_hold(all):
    """Everybody who follows has all, and says so; without the ordering authority an entry is on disk alone."""
    orderer, others, town = all.states[0], all.states[1:], all.town
    seq = town.record()["last_seq"]
    until("all countersign", lambda: town.is_witnessed(seq, *(node.stream for node in all.states)))
    assert durability(town, seq) == "witnessed"
    for node in all.states:
        assert node.head(STREAM)["seq"] >= seq, node.name
    orderer.proxy.cut()
    until("the ordering authority is out of reach", lambda: town.link(orderer.name)["state"] == "down")
    seq = town.record()["last_seq"]
    until("the others countersign", lambda: town.is_witnessed(seq, *(node.stream for node in others)))
    assert durability(town, seq) == "disk"
    orderer.proxy.heal()
    until("it is witnessed", lambda: durability(town, seq) == "witnessed")


def registered(desk, commune):
    event = {"channel": "desk", "identity_document_seen": True, "form": form(commune=commune)}
    return assigned(desk.post("/v1/demandes", {"event": event}), "number")


def mention(node, number, departement):
    """A favourable decision that the prefect commands: what became of it."""
    body = {"kind": "dalo_recognised", "event": {"decision_number": f"D-{departement}", "departement": departement}}
    issued = node.asked(lambda s: s.post(f"/v1/streams/{STREAM}/demandes/{number}/events", body))["first_seq"]

    def answer():
        told = node.get(f"/v1/commands/{issued}")
        return told["state"] in ("recorded", "refused") and told

    return until("the command is answered", answer)


def each_speaks_for_his_own(all):
    ile_de_france, eure_et_loir, yvelines, _ = all.states
    town = all.town
    admin = town.administrator()
    town.add_body(admin, "guichet", 21930001, "commune", [{"quality": "service_enregistreur", "registers_as": "e"}])
    for node in all.states:
        admin.post(
            "/v1/legal-persons",
            {"event": {"legal_person": node.service, "person_kind": "state_service", "name": "Préfecture fictive"}},
        )
        granted = {"legal_person": node.service, "quality": "state_mediation_secretariat", "from": "2015-01-01"}
        admin.post("/v1/habilitations", {"event": {"habilitation": granted}})
    desk = Session(town, "guichet")
    in_78, in_28 = registered(desk, HOUDAN), registered(desk, GOUSSAINVILLE)
    for node, number, departement in (
        (yvelines, in_28, "28"),
        (yvelines, in_28, "78"),
        (eure_et_loir, in_78, "78"),
        (ile_de_france, in_78, "78"),
    ):
        refused = mention(node, number, departement)
        assert refused["state"] == "refused", (node.name, refused)
        assert (refused["refused"], refused["article"]) == ("E_NOT_EMPOWERED", "R441-2-15-I-2a"), refused
    for node, number, departement in ((yvelines, in_78, "78"), (eure_et_loir, in_28, "28")):
        assert mention(node, number, departement)["state"] == "recorded", node.name
    for node, departement, months in ((yvelines, "78", 36), (eure_et_loir, "28", 24)):
        threshold = {"departement": departement, "typology": "t2", "mutation": False, "wait_months": months}
        event = {**threshold, "from": "2020-01-01", "source": "Arrêté fictif"}
        node.asked(lambda s, e=event: s.post("/v1/thresholds", {"event": e}))
    known = until("both thresholds are known", lambda: (found := town.get("/v1/thresholds")["items"])[1:] and found)
    assert {one["departement"]: one["wait_months"] for one in known} == {"78": 36, "28": 24}, known


def another_orders(all):
    """From today on the prefect of Eure-et-Loir, and two of the others follow no more."""
    former, eure_et_loir, *leavers = all.states
    town = all.town
    all.make_escrow(eure_et_loir)
    today = datetime.datetime.now(datetime.timezone.utc).date()
    lines = (
        all.followed_by(*all.states, dates=f"from = 2016-01-01\nuntil = {today - datetime.timedelta(days=2)}"),
        all.followed_by(eure_et_loir, former, dates=f"from = {today - datetime.timedelta(days=1)}"),
    )
    held = {node.name: node.head(STREAM)["seq"] for node in leavers}
    pids = [node.process.pid for node in all.members]
    all.bring(all.issue(territories=lines), town)
    until("another orders", lambda: town.standing().get("ordering") == eure_et_loir.stream)
    seq = town.record()["last_seq"]
    until("it is witnessed", lambda: durability(town, seq) == "witnessed")
    until("the former one follows still", lambda: town.is_witnessed(seq, former.stream))
    for node in leavers:
        assert node.head(STREAM)["seq"] == held[node.name], node.name
        assert node.stream not in town.marks(seq), node.name
    until("keys are nowhere missing", lambda: not any(node.alarms("keys_missing") for node in all.members))
    assert pids == [node.process.pid for node in all.members], "nobody was begun again"


def main():
    with Federation(states=STATES, town=TOWN, own_services=True) as all:
        all_hold(all)
        each_speaks_for_his_own(all)
        another_orders(all)
        all.stop()
        for node in all.members:
            node.verify()
    print("a territory of two régions: four prefects hold and countersign, two speak for their own, another orders")


main()
