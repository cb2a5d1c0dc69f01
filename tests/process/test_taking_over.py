#!/usr/bin/env python3
"""A territory taken over and given back, again and again, and once by its own will, while nodes are killed at each step
and links are cut: one node serves it at a time, and what was acknowledged is there at the end, on whichever node.

# [L441-2-7-4-1] [L441-2-7-2-1] [L441-2-7-1-1a]
"""

import datetime
import time

from federation import REGION, TERRITORY, TOWN, Federation, adhere, leave, let_adhere, session_where_served, until
from node import PASSWORD, Refused, siren

DOCUMENT = "c" * 64
HOSTED = f"/territoires/{TERRITORY}"
ROUNDS = (0.0, 0.2, 0.5)  # seconds from the step until the node that takes it is killed


def items_of(session, prefix, target):
    """All pages of a list."""
    items, page = [], f"{prefix}{target}?limit=200"
    while page:
        told = session.get(page)
        items += told["items"]
        page = prefix + told["next"] if told.get("next") else None
    return items


class Territory:
    """Whoever serves it: its own node, or the prefect's."""

    def __init__(self, all_nodes):
        self.all = all_nodes
        self.acknowledged = []
        self.drawn = 0

    def own(self):
        return session_where_served(self.all.town, "")

    def hosted(self):
        return session_where_served(self.all.region, HOSTED)

    def record(self, session, prefix):
        """A legal person; it counts from when it was acknowledged."""
        self.drawn += 1
        number = siren(99_100_000 + self.drawn)
        body = {"legal_person": number, "person_kind": "other", "name": "Corps fictif"}
        session.post(f"{prefix}/v1/legal-persons", {"event": body})
        self.acknowledged.append(number)

    def missing(self, session, prefix):
        known = {one["legal_person"] for one in items_of(session, prefix, "/v1/legal-persons")}
        return [number for number in self.acknowledged if number not in known]


class Prefect:
    def __init__(self, node):
        self.node = node

    def post(self, kind, event):
        return self.node.api().post(f"/v1/territories/{TERRITORY}/events", {"kind": kind, "event": event})

    def note(self, kind, event):
        def noted():
            try:
                return self.post(kind, event)
            except Refused as refused:
                assert refused.code in ("E_BUSY", "E_DUPLICATE", "E_BAD_ORDER", "E_UNAUTHENTICATED"), refused
                return refused.code == "E_DUPLICATE"

        return until(kind, noted)

    def act(self, act, kind, **event):
        self.node.api().post(f"/v1/acts/{act}/events", {"kind": kind, "event": {"act": act, **event}})

    def today(self):
        return self.node.get("/v1/clock")["today"]

    def set_clock(self, day, hour):
        self.node.api().put("/v1/clock", {"event": {"now": f"{day}T{hour:02}:00:00Z"}})

    def tomorrow(self):
        self.set_clock(datetime.date.fromisoformat(self.today()) + datetime.timedelta(days=1), 8)

    def midnight(self):
        """Whoever has not been heard since was heard yesterday."""
        today = self.today()
        for hour in (22, 23):  # in summer, in winter
            if self.today() == today:
                self.set_clock(today, hour)
        assert self.today() > today

    def note_obligation(self, due_on):
        self.note("obligation_noted", {"territory": TERRITORY, "concern": "yes", "communes": [], "due_on": due_on,
                                       "source": "Liste fictive"})

    def evidence(self):
        """As it stands now, and the kinds of what it tells."""
        told = until("evidence told", lambda: self.node.get(f"/v1/territories/{TERRITORY}/evidence"))
        return told, {item["kind"] for item in told["items"]}

    def find_carence(self):
        self.note_obligation("2020-12-31")
        self.note("carence_found", {"territory": TERRITORY, "whose": "epci", "partners": [],
                                    "evidence": self.file_evidence(), "grounds": "Motifs fictifs"})

    def file_evidence(self):
        """Its digest: a carence cites what was filed, and nothing else."""

        def filed():
            try:
                told = self.node.api().post(f"/v1/territories/{TERRITORY}/evidence", {})
            except Refused as refused:
                assert refused.code in ("E_BUSY", "E_UNAUTHENTICATED"), refused
                return None
            return told["recorded"][0]["assigned"]["digest"]

        return until("evidence filed", filed)

    def substitution(self, number, **more):
        act = {"number": number, "signatory": "Mme Exemple, préfète", "document": DOCUMENT,
               "effective_from": self.today(), **more}
        return {"act": act, "territory": TERRITORY, "ground": "carence"}

    def sign(self, number):
        """In force tomorrow."""
        told = self.note("substitution_ordered", self.substitution(number))
        signed = told["recorded"][0]["assigned"]["act"]
        self.act(signed, "act_published", where="Recueil fictif")
        self.act(signed, "act_notified", addressee=TERRITORY, receipt=DOCUMENT)
        return signed


def tell_silence_from_absence(nodes, prefect):
    """What a journal does not say that could not be heard is not missing: nobody knows. Heard again, it is."""
    today = prefect.today()
    prefect.note_obligation(today)
    nodes.to_region.cut()
    until("the cut is seen", lambda: nodes.region.link("town")["state"] == "down")
    prefect.midnight()
    told, kinds = prefect.evidence()
    assert not told["link_up"] and told["known_through"] == today, told
    assert {"calendar_passed", "no_news"} <= kinds, told
    assert not {"dispositif_missing", "convention_missing"} & kinds, told
    nodes.to_region.heal()
    until(prefect.evidence, lambda: prefect.evidence()[0]["known_through"] == prefect.today())
    told, kinds = prefect.evidence()
    assert told["link_up"] and {"calendar_passed", "dispositif_missing", "convention_missing"} <= kinds, told
    assert "no_news" not in kinds, told


def sign_without_power(prefect):
    """By a delegation that is over: refused, and nothing passes."""
    over = {"reference": "Arrêté fictif", "from": "2020-01-01", "until": "2020-12-31"}

    def refused():
        try:
            prefect.post("substitution_ordered", prefect.substitution("2026-FICTIF-0", delegation=over))
        except Refused as refusal:
            return refusal.code not in ("E_BUSY", "E_BAD_ORDER", "E_UNAUTHENTICATED") and refusal.problem
        raise AssertionError("signed by somebody without power")

    problem = until("refused for what it is", refused)
    assert (problem["code"], problem["path"]) == ("E_NOT_EMPOWERED", "act.delegation"), problem


def kill_and_begin_again(node, after_s):
    time.sleep(after_s)
    node.kill()
    node.start(ready=False)


def forget_failures(nodes):
    """Whoever has failed to reach somebody again and again tries less and less often: that is not what is tried here."""
    for node in (nodes.departement, nodes.town):
        kill_and_begin_again(node, 0)
    until(nodes.tell, nodes.all_up)
    nodes.town.wait_ready()


def epoch(node):
    return node.head(TOWN)["epoch"]


def begin_again_with_an_agent(region):
    """Of the service that holds the epoch: whoever runs its node lets him in, while it is stopped, and nobody else."""
    region.kill()
    region.run("account", "create", "--config", region.config, "--login", "prefecture", "--territory", TERRITORY,
               text=PASSWORD + "\n")
    region.start(ready=False)


def read_in_its_place(nodes, holder):
    """In no quality of its own, there and from its own node."""
    holder.get(f"{HOSTED}/v1/demandes", purpose="shared_management")
    nodes.region.asked(lambda session: session.get(f"/v1/streams/{TOWN}/demandes", purpose="shared_management"))


def reasons(session, prefix):
    reviews = [one.get("review") for one in items_of(session, prefix, "/v1/late-entries")]
    return {review["because"] for review in reviews if review and review["verdict"] == "contested"}


def review_late_entries(holder, replaced):
    """What nobody had witnessed before the cut is accepted or contested, one after the other: by whoever answers for
    the dispositif now, and not by whose node had made it."""

    def awaiting():
        return [one["settled"] for one in items_of(holder, HOSTED, "/v1/late-entries") if one["awaits_review"]]

    def says(session, one, verdict, because):
        event = {"cut": one["cut"], "seq": one["seq"], "verdict": verdict, "because": because}
        session.post(f"{HOSTED}/v1/late-entries/reviews", {"event": event})

    late = awaiting()
    assert len(late) >= 3, late
    try:
        says(replaced, late[0], "accepted", "")
        raise AssertionError("the replaced EPCI is no judge of its own entries")
    except Refused as refused:
        assert refused.code == "E_NOT_EMPOWERED", refused
    for i, one in enumerate(late):
        says(holder, one, *(("contested", "Motif fictif") if i % 2 else ("accepted", "")))
    assert not awaiting()
    assert reasons(holder, HOSTED) == {"Motif fictif"}
    assert reasons(replaced, HOSTED) == {""}


def one_round(nodes, territory, prefect, round_number, after_s):
    territory.record(until("served at home", territory.own), "")
    act = prefect.sign(f"2026-FICTIF-{round_number}")
    # Cut off, it goes on in its epoch; what it acknowledges is not to be lost.
    alone = territory.own()
    nodes.to_region.cut()
    nodes.to_departement.cut()
    territory.record(alone, "")
    prefect.tomorrow()
    kill_and_begin_again(nodes.region, after_s)
    territory.record(alone, "")
    nodes.to_departement.heal()
    nodes.to_region.heal()
    until("taken over", territory.hosted, within_s=60)
    until("the former host is fenced", lambda: territory.own() is None)
    kill_and_begin_again(nodes.town, 0)
    hosted = until("served by the prefect's node", territory.hosted)
    until(lambda: territory.missing(hosted, HOSTED), lambda: not territory.missing(hosted, HOSTED))
    territory.record(hosted, HOSTED)
    nodes.town.wait_ready()

    prefect.act(act, "act_ended", end="repealed", decision="Arrêté fictif")
    kill_and_begin_again(nodes.town if round_number % 2 else nodes.region, after_s)
    own = until("given back", territory.own, within_s=60)
    assert not territory.missing(own, ""), territory.missing(own, "")
    until("every node is in the same epoch", lambda: len({epoch(node) for node in nodes.members}) == 1)
    assert territory.hosted() is None


def adhere_and_leave(nodes, territory):
    """Without any act: to the system that the prefect's node runs, whoever is killed on the way, and back."""
    own = until("served at home", territory.own)
    territory.record(own, "")
    let_adhere(nodes.region, nodes.region)
    adhere(own, TERRITORY, nodes.region)
    kill_and_begin_again(nodes.town, 0)
    until("served by the host", territory.hosted, within_s=60)
    kill_and_begin_again(nodes.region, 0)
    hosted = until("served by the host again", territory.hosted, within_s=60)
    nodes.region.wait_ready()
    assert not territory.missing(hosted, HOSTED), territory.missing(hosted, HOSTED)
    territory.record(hosted, HOSTED)
    stands = hosted.get(f"{HOSTED}/v1/dispositif")["stands"]
    assert stands["form"] == "adhered", stands
    assert territory.own() is None
    leave(hosted, HOSTED)
    kill_and_begin_again(nodes.region, 0)
    until("served at home", territory.own, within_s=60)
    kill_and_begin_again(nodes.town, 0)
    own = until("served at home again", territory.own, within_s=60)
    nodes.town.wait_ready()
    assert not territory.missing(own, ""), territory.missing(own, "")
    territory.record(own, "")
    assert territory.hosted() is None


def record_behind_the_cut(nodes, territory, prefect):
    """The town goes on alone long after its territory was taken over, and so does whoever took it: each of the town's
    entries comes back once, however often it is brought, and waits for the word of whoever answers."""
    act = prefect.sign("2026-FICTIF-TARD")
    alone = territory.own()
    before = epoch(nodes.town)
    nodes.to_region.cut()
    nodes.to_departement.cut()
    prefect.tomorrow()
    hosted = until("taken over", territory.hosted, within_s=60)
    territory.record(alone, "")
    territory.record(hosted, HOSTED)
    # Begun again before it has heard of the act, it is what it was.
    kill_and_begin_again(nodes.town, 0)
    nodes.town.wait_ready()
    alone = until("served by both", territory.own)
    territory.record(alone, "")
    territory.record(hosted, HOSTED)
    territory.record(alone, "")
    assert (epoch(nodes.town), epoch(nodes.region)) == (before, before + 1)
    # From the region it hears of the epoch: nobody countersigns what it has made.
    nodes.to_region.heal()
    until("the former host is fenced", lambda: territory.own() is None)
    cut = epoch(nodes.region)

    def recorded(session, prefix):
        items = items_of(session, prefix, "/v1/late-entries")
        return [one for one in items if one["settled"]["cut"] == cut and one["settled"]["outcome"] == "recorded"]

    hosted = until("served by the prefect's node", territory.hosted)
    until("the first of them is settled", lambda: recorded(hosted, HOSTED))
    # To whoever begins anew all of it is brought again.
    begin_again_with_an_agent(nodes.region)
    hosted = until("served by the prefect's node again", territory.hosted, within_s=60)
    nodes.region.wait_ready()
    until(lambda: territory.missing(hosted, HOSTED), lambda: not territory.missing(hosted, HOSTED))
    nodes.to_departement.heal()
    until("all are settled", lambda: len(recorded(hosted, HOSTED)) == 3)
    holder = until("the holder's agent", lambda: session_where_served(nodes.region, HOSTED, "prefecture"))
    read_in_its_place(nodes, holder)
    review_late_entries(holder, hosted)
    prefect.act(act, "act_ended", end="repealed", decision="Arrêté fictif")
    own = until("given back", territory.own, within_s=60)
    assert not territory.missing(own, ""), territory.missing(own, "")
    verdicts = [one["review"]["verdict"] for one in recorded(own, "")]
    assert len(verdicts) == 3 and set(verdicts) == {"accepted", "contested"}, verdicts
    assert reasons(own, "") == {"Motif fictif"}


def roll_back_the_prefects_node(nodes, territory, prefect):
    """His disk is put back as it was before the act. Others hold what he has signed since, and what he has hosted: he
    goes on with the very epoch that he had opened, and nobody finds another history. A judge then suspends the act, and
    lifts the suspension."""
    region = nodes.region
    region.stop()
    region.copy_to("before")
    region.start()
    act = prefect.sign("2026-FICTIF-RETOUR")
    before = epoch(nodes.town)
    prefect.tomorrow()
    hosted = until("taken over", territory.hosted, within_s=60)
    territory.record(hosted, HOSTED)
    seq = region.head(TOWN)["seq"]
    for holder in (nodes.town, nodes.departement):
        until("others hold what he has hosted", lambda h=holder: h.head(TOWN)["seq"] >= seq)
        until("and what he has signed", lambda h=holder: h.head(REGION)["seq"] >= region.head(REGION)["seq"])
    region.stop()
    region.put_back("before")
    region.start(ready=False)
    hosted = until("served by the prefect's node again", territory.hosted, within_s=60)
    assert not territory.missing(hosted, HOSTED), territory.missing(hosted, HOSTED)
    assert epoch(region) == before + 1, "no other epoch was opened"
    territory.record(hosted, HOSTED)

    prefect.tomorrow()  # a demonstration's clock that was put back has gone back too
    prefect.act(act, "act_suspended", decision="Ordonnance fictive")
    own = until("given back while it is suspended", territory.own, within_s=60)
    assert not territory.missing(own, ""), territory.missing(own, "")
    territory.record(own, "")
    prefect.act(act, "act_resumed", decision="Ordonnance fictive 2")
    hosted = until("taken over again", territory.hosted, within_s=60)
    assert not territory.missing(hosted, HOSTED), territory.missing(hosted, HOSTED)
    prefect.act(act, "act_ended", end="repealed", decision="Arrêté fictif")
    until("given back", territory.own, within_s=60)


def main():
    with Federation(own_services=True) as nodes:
        territory, prefect = Territory(nodes), Prefect(nodes.region)
        told = (territory, prefect)
        passed = 0

        def step(name, passes, work, *arguments):
            nonlocal passed
            begun = time.monotonic()
            work(nodes, *arguments)
            passed += passes
            assert epoch(nodes.town) == passed, (epoch(nodes.town), passed)
            print(f"{name} ({time.monotonic() - begun:.1f} s): {len(territory.acknowledged)} acknowledged", flush=True)

        step("adhered and left", 2, adhere_and_leave, territory)
        step("unheard", 0, tell_silence_from_absence, prefect)
        prefect.find_carence()
        sign_without_power(prefect)
        for i, after_s in enumerate(ROUNDS):
            step(f"round {i + 1}", 2, one_round, *told, i + 1, after_s)
        forget_failures(nodes)
        step("behind the cut", 2, record_behind_the_cut, *told)
        forget_failures(nodes)
        step("put back", 4, roll_back_the_prefects_node, *told)
        for node in nodes.members:
            assert not [one for one in node.standing()["alarms"] if one["kind"] in ("forked", "altered", "bad_signature")]
        nodes.stop()
        for node in nodes.members:
            node.verify()
    print(f"{len(territory.acknowledged)} acknowledged entries are there after {len(ROUNDS)} take-overs and kills")


main()
