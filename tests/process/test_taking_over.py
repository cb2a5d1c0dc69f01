#!/usr/bin/env python3
"""A territory taken over and given back, again and again, and once by its own will, while nodes are killed at each step
and links are cut: one node serves it at a time, and what was acknowledged is there at the end, on whichever node.

# [L441-2-7-4-1] [L441-2-7-2-1] [L441-2-7-1-1a]
"""

import signal
import time

from federation import REGION, TERRITORY, TOWN, Federation, adhere, leave, let_adhere, session_where_served, until
from node import Refused
from passing import (
    HOSTED, Prefect, Territory, begin_again_with_an_agent, begun, cuts_made, epoch, items_of, kill_and_begin_again,
    opened, prepared, settled_of, taken_up,
)

# What is seen of a taking over, and of the handing back after it, when the node that takes the step is killed.
ROUNDS = ((begun, begun), (opened, prepared), (taken_up, opened))


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


def forget_failures(nodes):
    """Whoever has failed to reach somebody again and again tries less and less often: that is not what is tried here."""
    for node in (nodes.departement, nodes.town):
        kill_and_begin_again(node)
    until(nodes.tell, nodes.all_up)
    nodes.town.wait_ready()


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


def one_round(nodes, territory, prefect, round_number, taking, giving_back):
    territory.record(until("served at home", territory.own), "")
    act = prefect.sign(f"2026-FICTIF-{round_number}")
    # Cut off, it goes on in its epoch; what it acknowledges is not to be lost.
    alone = territory.own()
    nodes.to_region.cut()
    nodes.to_departement.cut()
    territory.record(alone, "")
    before = epoch(nodes.region)
    prefect.tomorrow()
    until(taking.__name__, lambda: taking(nodes.region, before))
    kill_and_begin_again(nodes.region)
    territory.record(alone, "")
    nodes.to_departement.heal()
    nodes.to_region.heal()
    until("taken over", territory.hosted, within_s=60)
    until("the former host is fenced", lambda: territory.own() is None)
    kill_and_begin_again(nodes.town)
    hosted = until("served by the prefect's node", territory.hosted)
    until(lambda: territory.missing(hosted, HOSTED), lambda: not territory.missing(hosted, HOSTED))
    territory.record(hosted, HOSTED)
    nodes.town.wait_ready()

    prefect.act(act, "act_ended", end="repealed", decision="Arrêté fictif")
    until(giving_back.__name__, lambda: giving_back(nodes.region, before + 1))
    kill_and_begin_again(nodes.town if round_number % 2 else nodes.region)
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
    kill_and_begin_again(nodes.town)
    until("served by the host", territory.hosted, within_s=60)
    kill_and_begin_again(nodes.region)
    hosted = until("served by the host again", territory.hosted, within_s=60)
    nodes.region.wait_ready()
    assert not territory.missing(hosted, HOSTED), territory.missing(hosted, HOSTED)
    territory.record(hosted, HOSTED)
    stands = hosted.get(f"{HOSTED}/v1/dispositif")["stands"]
    assert stands["form"] == "adhered", stands
    assert territory.own() is None
    leave(hosted, HOSTED)
    kill_and_begin_again(nodes.region)
    until("served at home", territory.own, within_s=60)
    kill_and_begin_again(nodes.town)
    own = until("served at home again", territory.own, within_s=60)
    nodes.town.wait_ready()
    assert not territory.missing(own, ""), territory.missing(own, "")
    territory.record(own, "")
    assert territory.hosted() is None


class Paused:
    """A process that does nothing at all; its connections stand."""

    def __init__(self, node):
        self.process = node.process

    def __enter__(self):
        self.process.send_signal(signal.SIGSTOP)

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)


def told_to_hold(node, neighbour):
    """Of the territory's journal, as the neighbour has said."""
    link = node.link(neighbour.name)
    known = [one["their_seq"] for one in link["streams"] if one["stream"] == TOWN]
    return known[0] if known and link["state"] == "up" else 0


def leave_the_departement_ahead(nodes, territory, records):
    """The town is away, and what it recorded last is with the departmental node alone: how far either State node's copy
    goes."""
    region, departement = nodes.region, nodes.departement
    own = until("served at home", territory.own)
    nodes.to_region.cut()
    until("the cut is seen", lambda: region.link("town")["state"] == "down")
    for _ in range(records):
        territory.record(own, "")
    held = nodes.town.head(TOWN)["seq"]
    until("the département holds it", lambda: departement.head(TOWN)["seq"] >= held)
    nodes.town.process.send_signal(signal.SIGSTOP)
    nodes.to_region.heal()
    until("the région has heard what the département holds", lambda: told_to_hold(region, departement) >= held, 60)
    short, held = region.head(TOWN)["seq"], departement.head(TOWN)["seq"]
    assert short + records <= held, (short, held)
    return short, held


def give_back(nodes, territory, prefect, act):
    """Once the town, which goes on, has heard that it hosts no more."""
    nodes.town.process.send_signal(signal.SIGCONT)
    until("the former host is fenced", lambda: territory.own() is None)
    prefect.act(act, "act_ended", end="repealed", decision="Arrêté fictif")
    own = until("given back", territory.own, within_s=60)
    assert not territory.missing(own, ""), territory.missing(own, "")
    return own


def follow_the_longest(nodes, territory, prefect):
    """The cut follows the last entry that anybody whom the prefect's node reaches can show."""
    act = prefect.sign("2026-FICTIF-LONG")
    before = epoch(nodes.region)
    _, held = leave_the_departement_ahead(nodes, territory, 3)
    prefect.tomorrow()
    hosted = until("taken over", territory.hosted, within_s=60)
    assert cuts_made(nodes.region)[-1] == (before + 1, held + 1), (cuts_made(nodes.region), held)
    assert not territory.missing(hosted, HOSTED), territory.missing(hosted, HOSTED)
    give_back(nodes, territory, prefect, act)


def cut_without_the_longest(nodes, territory, prefect):
    """Killed once the epoch is opened, before it has brought anything, the departmental node is not waited for: the cut
    follows what the prefect's node holds itself. What it lacked comes back with the other node, as what had been
    countersigned, once each."""
    region, departement = nodes.region, nodes.departement
    act = prefect.sign("2026-FICTIF-COURT")
    before, records = epoch(region), 3
    short, _ = leave_the_departement_ahead(nodes, territory, records)
    with Paused(departement):
        prefect.tomorrow()
        until(opened.__name__, lambda: opened(region, before))
        departement.kill()
    hosted = until("taken over", territory.hosted, within_s=60)
    assert cuts_made(region)[-1] == (before + 1, short + 1), (cuts_made(region), short)
    assert len(territory.missing(hosted, HOSTED)) == records
    departement.start(ready=False)
    until(lambda: territory.missing(hosted, HOSTED), lambda: not territory.missing(hosted, HOSTED), within_s=60)
    own = give_back(nodes, territory, prefect, act)
    facts = [one for one in settled_of(own, "", before + 1) if one["outcome"] == "recorded"]
    assert len(facts) == records and all(one["witnessed"] for one in facts), facts
    departement.wait_ready()


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
    kill_and_begin_again(nodes.town)
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
        for i, seen in enumerate(ROUNDS):
            step(f"round {i + 1}", 2, one_round, *told, i + 1, *seen)
        forget_failures(nodes)
        step("what the département holds", 2, follow_the_longest, *told)
        step("without the département", 2, cut_without_the_longest, *told)
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
