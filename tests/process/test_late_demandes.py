#!/usr/bin/env python3
"""While a territory's node is cut off both hosts record of the same demandes: what the former one did comes back once,
each entry as a fact, a decision taken again or a conflict that somebody looks at; no demande ever has two leases.

# [L441-2-7-4-1] [R441-2-15-I-8]
"""

import datetime

from crowd import REGISTRATION
from federation import TERRITORY, TOWN, Federation, session_where_served, until
from node import Refused, assigned, form
from passing import HOSTED, Prefect, Territory, cuts_made, epoch, items_of, settled_of

COMMUNE = "93066"
MISDIRECTED = 421


class Desk:
    """Agents of the territory, wherever it is served; each their session."""

    def __init__(self, node, prefix):
        self.prefix = prefix
        self.agents = {
            login: until(f"{login} is let in", lambda name=login: session_where_served(node, prefix, name))
            for login in ("guichet", "bailleur")
        }
        self.today = node.get("/v1/clock")["today"]

    def post(self, login, target, body, key="fresh"):
        return self.agents[login].post(f"{self.prefix}{target}", body, key)

    def event(self, login, number, kind, event, key="fresh"):
        return self.post(login, f"/v1/demandes/{number}/events", {"kind": kind, "event": event}, key)

    def register(self):
        return self.post("guichet", "/v1/demandes", {"event": {**REGISTRATION, "form": form(commune=COMMUNE)}})

    def change_phone(self, number):
        change = {"path": "contact.phone", "old_value": "", "new_value": "0600000000"}
        return self.event("guichet", number, "demande_changed", {"changes": [change]})

    def open_vacancy(self, rpls):
        home = {"rpls": f"{rpls:010d}", "commune": COMMUNE, "typology": "t2", "address": "2 rue Imaginaire",
                "rent_cents": 42000, "adapted": False, "d331_25_1_subsidy": False}
        dwelling = assigned(self.post("bailleur", "/v1/dwellings", {"event": home}), "dwelling")
        opened = {"event": {"dwelling": dwelling, "available_on": self.today}}
        return assigned(self.post("bailleur", "/v1/vacancies", opened), "vacancy")

    def designate(self, number, vacancy):
        return self.event("bailleur", number, "designated", {"vacancy": vacancy})

    def attribute(self, number, vacancy):
        """Up to the demandeur's yes: all that is left to be done is the lease. The candidacy."""
        candidacy = {"candidacy": assigned(self.designate(number, vacancy), "candidacy")}
        planned = {"event": {"held_on": self.today, "commission": "Commission fictive"}}
        session = assigned(self.post("bailleur", "/v1/caleol-sessions", planned), "session")
        held = f"/v1/caleol-sessions/{session}/events"
        few = [{"vacancy": vacancy, "ground": "not_enough_candidates"}]
        reply_by = datetime.date.fromisoformat(self.today) + datetime.timedelta(days=20)

        def happens(kind, **more):
            self.event("bailleur", number, kind, {**candidacy, **more})

        happens("agenda_entered", session=session)
        opened = {"quorum_reached": True, "exceptions": few}
        self.post("bailleur", held, {"kind": "session_opened", "event": opened})
        happens("examined")
        happens("caleol_decided", decision="attribution", motives=["other"], motive_text="Seul candidat fictif.")
        self.post("bailleur", held, {"kind": "session_closed", "event": {"minutes": "Procès-verbal fictif"}})
        happens("offer_made", reply_by=str(reply_by), rent_cents=42000, dalo_warning=False)
        happens("offer_accepted")
        return candidacy["candidacy"]

    def sign_lease(self, number, candidacy, key="fresh"):
        return self.event("bailleur", number, "lease_signed", {"candidacy": candidacy}, key)

    def read(self, number):
        return self.agents["guichet"].get(f"{self.prefix}/v1/demandes/{number}", purpose="shared_management")

    def vacancy(self, which):
        return self.agents["bailleur"].get(f"{self.prefix}/v1/vacancies/{which}")["status"]


def from_the_state(node, number):
    """As the host tells a State service that reads from its own node."""
    target = f"/v1/streams/{TOWN}/demandes/{number}"
    return until(target, lambda: node.asked(lambda session: session.get(target, purpose="shared_management")))


def kinds(view):
    return [line["kind"] for line in view["timeline"]]


def candidacies(view):
    """Steps by candidacy."""
    return {one["candidacy"]: one["step"] for one in view["state"]["candidacies"]}


class Scene:
    """What there is before the cut: one demande for each thing that is done on both sides, or on one."""

    def __init__(self, nodes):
        town = nodes.town
        admin = town.api()
        town.add_body(admin, "guichet", 90100000, "commune", [{"quality": "service_enregistreur", "registers_as": "e"}])
        town.add_body(admin, "bailleur", 90100001, "hlm_body", [{"quality": "bailleur"}])
        person = {"legal_person": nodes.departement.service, "person_kind": "state_service", "name": "Service fictif"}
        admin.post("/v1/legal-persons", {"event": person})
        follows = {nodes.departement.service: "state_attribution_follow_up", TERRITORY: "epci_responsable"}
        for who, quality in follows.items():
            granted = {"legal_person": who, "quality": quality, "from": "2015-01-01"}
            admin.post("/v1/habilitations", {"event": {"habilitation": granted}})
        desk = Desk(town, "")
        numbers = [assigned(desk.register(), "number") for _ in range(5)]
        self.same, self.repeated, self.torn, self.asked, self.changed = numbers
        self.homes = {name: desk.open_vacancy(rpls) for rpls, name in
                      enumerate(("same", "repeated", "torn here", "torn there", "withdrawn", "free"), 1)}
        self.signs = {
            "same": desk.attribute(self.same, self.homes["same"]),
            "repeated": desk.attribute(self.repeated, self.homes["repeated"]),
            "torn here": desk.attribute(self.torn, self.homes["torn here"]),
            "torn there": desk.attribute(self.torn, self.homes["torn there"]),
        }
        self.numbers = numbers


def record_where_it_passed(scene, desk):
    """At the prefect's node: three demandes are housed, and a dwelling is to let no more."""
    desk.sign_lease(scene.same, scene.signs["same"])
    repeated = desk.sign_lease(scene.repeated, scene.signs["repeated"], key="bail-en-double")
    desk.sign_lease(scene.torn, scene.signs["torn here"])
    withdrawn = {"kind": "vacancy_withdrawn", "event": {"motive": "Travaux fictifs"}}
    desk.post("bailleur", f"/v1/vacancies/{scene.homes['withdrawn']}/events", withdrawn)
    return repeated


def record_alone(scene, desk):
    """At the node that has not heard, the receipts by what is to become of them."""
    return {
        "registered": desk.register(),
        "changed": desk.change_phone(scene.changed),
        "no longer": desk.designate(scene.asked, scene.homes["withdrawn"]),
        "as before": desk.designate(scene.asked, scene.homes["free"]),
        "same lease": desk.sign_lease(scene.same, scene.signs["same"]),
        "repeated lease": desk.sign_lease(scene.repeated, scene.signs["repeated"], key="bail-en-double"),
        "second lease": desk.sign_lease(scene.torn, scene.signs["torn there"]),
    }


OUTCOMES = {
    "registered": "recorded",
    "changed": "recorded",
    "no longer": "refused",
    "as before": "recorded",
    "same lease": "conflict",
    "repeated lease": "recorded",
    "second lease": "conflict",
}
# For who may review.
REASONS = {
    "no longer": ("E_BAD_ORDER", "R441-2-15-I-4b"),
    "same lease": ("E_DEMANDE_INACTIVE", "R441-2-15-I-8"),
    "second lease": ("E_DEMANDE_INACTIVE", "R441-2-15-I-8"),
}


def settled(receipt, late):
    """Each entry of a command has the same end: one of them."""
    of_it = [late[seq] for seq in range(receipt["first_seq"], receipt["last_seq"] + 1)]
    ends = {(one["outcome"], one["first_seq"], one["last_seq"]) for one in of_it}
    assert len(ends) == 1, of_it
    return of_it[0]


def check_outcomes(made, repeated, late):
    for what, receipt in made.items():
        assert settled(receipt, late)["outcome"] == OUTCOMES[what], (what, settled(receipt, late))
    again = settled(made["repeated lease"], late)
    first = (repeated["first_seq"], repeated["last_seq"])
    assert (again["first_seq"], again["last_seq"]) == first, "the first answer, and no other entry"


def check_demandes(scene, made, desk):
    """Each fact is there once, and no demande has two leases, nor what follows from two."""
    for number in (scene.same, scene.repeated, scene.torn):
        view = desk.read(number)
        assert kinds(view).count("lease_signed") == 1 and "lease_conflict_opened" not in kinds(view), kinds(view)
        assert kinds(view).count("radiated") == 1 and view["state"]["status"] == "radiated", view["state"]
        assert not view["state"].get("conflict"), view["state"]
    steps = candidacies(desk.read(scene.torn))
    assert steps[scene.signs["torn here"]] == "lease_signed" != steps[scene.signs["torn there"]], steps
    assert desk.vacancy(scene.homes["torn there"]) == "open", "nobody has taken it"
    assert kinds(desk.read(scene.changed)).count("demande_changed") == 1
    assert kinds(desk.read(assigned(made["registered"], "number"))).count("demande_registered") == 1
    steps = candidacies(desk.read(scene.asked))
    assert list(steps) == [assigned(made["as before"], "candidacy")], "under the identifier that it had, and no other"


def check_fenced(scene, desk):
    """Who goes on at the former host is told that it is none, and whose node is."""
    session = desk.agents["guichet"]
    try:
        desk.change_phone(scene.asked)
        raise AssertionError("the former host records")
    except Refused as refused:
        assert (refused.status, refused.code) == (MISDIRECTED, "E_FENCED"), refused
    status, headers, _ = session.raw("GET", "/v1/demandes", headers={"Toit-Purpose": "shared_management"})
    assert (status, headers.get("Toit-Host")) == (MISDIRECTED, "region"), (status, headers)


def check_held_alike(nodes):
    """To the byte, by all three."""
    def all_alike():
        heads = [node.head(TOWN) for node in nodes.members]
        return len({(head["seq"], head["link"]) for head in heads}) == 1

    until(lambda: [node.head(TOWN) for node in nodes.members], all_alike)


def awaiting(session, prefix):
    return {one["settled"]["seq"] for one in items_of(session, prefix, "/v1/late-entries") if one["awaits_review"]}


def main():
    with Federation(own_services=True) as nodes:
        scene, territory, prefect = Scene(nodes), Territory(nodes), Prefect(nodes.region)
        check_held_alike(nodes)
        prefect.find_carence()
        act = prefect.sign("2026-FICTIF-1")
        alone, before = Desk(nodes.town, ""), epoch(nodes.region)
        until("the région holds it", lambda: nodes.region.head(TOWN)["seq"] == nodes.town.head(TOWN)["seq"])
        held = nodes.region.head(TOWN)["seq"]
        nodes.to_region.cut()
        nodes.to_departement.cut()
        prefect.tomorrow()
        until("taken over", territory.hosted, within_s=60)
        passed = Desk(nodes.region, HOSTED)
        repeated = record_where_it_passed(scene, passed)
        made = record_alone(scene, alone)
        assert epoch(nodes.town) == before, "it has not heard"
        for name in ("same", "repeated"):
            number = getattr(scene, name)
            assert all(kinds(desk.read(number)).count("lease_signed") == 1 for desk in (alone, passed)), "on both sides"

        nodes.to_departement.heal()
        nodes.to_region.heal()
        until("the former host is fenced", lambda: territory.own() is None)
        check_fenced(scene, alone)
        late = {}

        def all_settled():
            late.update({one["seq"]: one for one in settled_of(passed.agents["guichet"], HOSTED, before + 1)})
            return all(receipt["last_seq"] in late for receipt in made.values())

        until(lambda: late, all_settled)
        assert cuts_made(nodes.region) == [(before + 1, held + 1)]
        check_outcomes(made, repeated, late)
        check_demandes(scene, made, passed)
        waits = awaiting(passed.agents["guichet"], HOSTED)
        of_leases = {made[what]["first_seq"] for what in ("same lease", "second lease")}
        assert of_leases <= waits, "somebody looks at a conflict"
        check_held_alike(nodes)

        everything = [*scene.numbers, assigned(made["registered"], "number")]
        told = {number: passed.read(number)["timeline"] for number in everything}
        for node in nodes.states:
            for number, timeline in told.items():
                lines = [(line["seq"], line["kind"]) for line in from_the_state(node, number)["timeline"]]
                assert lines == [(line["seq"], line["kind"]) for line in timeline], (node.name, number)
        prefect.act(act, "act_ended", end="repealed", decision="Arrêté fictif")
        gestionnaire = until("given back", territory.own, within_s=60)
        own = Desk(nodes.town, "")
        assert {number: own.read(number)["timeline"] for number in everything} == told, "both nodes fold it alike"
        check_demandes(scene, made, own)
        late = {one["seq"]: one for one in settled_of(gestionnaire, "", before + 1)}
        check_outcomes(made, repeated, late)
        for what, reason in REASONS.items():
            one = settled(made[what], late)
            assert (one["code"], one["article"]) == reason, (what, one)
        check_held_alike(nodes)
        nodes.stop()
        for node in nodes.members:
            node.verify()
    print(f"{len(made)} commands of a former host came back once each, and no demande has two leases")


main()
