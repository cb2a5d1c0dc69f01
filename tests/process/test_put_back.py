#!/usr/bin/env python3
"""Real nodes whose disks are put back as they were: nothing is signed or recorded over a past that others hold, and
whoever does it all the same is found out.

# [L441-2-7-1-1a]
"""

import shutil
import signal
import time

from federation import DEPARTEMENT, REGION, TOWN, Federation, until
from node import PASSWORD, Refused, Session


def refusal_of(work):
    try:
        return None, work()
    except Refused as refused:
        return (refused.status, refused.code), None


def cut_all(all):
    for proxy in (all.to_region, all.to_departement):
        proxy.cut()


def heal_all(all):
    for proxy in (all.to_region, all.to_departement):
        proxy.heal()


def put_back_region(all):
    """A State node: it records and signs nothing before somebody has told it where its own stream stands."""
    region, departement, town = all.region, all.departement, all.town
    region.stop()
    region.copy_to("copy")
    region.start()
    until(all.tell, all.all_up)
    for _ in range(3):
        last = region.record()["last_seq"]
    for holder in (town, departement):
        until("others hold its stream", lambda h=holder: h.head(REGION)["seq"] == last)
    link = region.head(REGION)["link"]
    region.stop()
    region.put_back("copy")
    cut_all(all)
    seq = town.record()["last_seq"]
    region.start(ready=False)
    until("it says that nobody has spoken", lambda: region.alarms("unconfirmed", stream=REGION))
    time.sleep(1.5)  # longer than it waits for all of them
    assert refusal_of(region.record)[0] == (503, "E_ROLLED_BACK")
    assert region.standing()["held"] and region.head(REGION)["seq"] < last
    assert region.metric("toit_federation_alarms", kind="unconfirmed") == 1
    for proxy in (all.to_region, all.to_departement):
        proxy.delay(0.5)  # so that it can be seen
        proxy.is_cut = False
    alarm = until("it learns that it is behind", lambda: region.alarms("rolled_back", stream=REGION, node="region"))[0]
    until("it has its own stream again", lambda: region.head(REGION)["seq"] == last)
    assert region.head(REGION)["link"] == link
    heal_all(all)
    region.wait_ready()
    until("the alarms have gone", lambda: not region.standing()["alarms"])
    until("the town's entry is witnessed", lambda: town.is_witnessed(seq, REGION, DEPARTEMENT))
    mark = town.marks(seq)[REGION]
    assert mark["at"] >= alarm["since"], "nothing was signed before it knew its own head"
    assert region.record()["first_seq"] == last + 1
    for node in all.members:
        assert not node.alarms("forked"), (node.name, node.standing())


def serves_nothing(node, session):
    """To nobody: who comes, who had logged in before, whoever only asks whether it is ready."""
    assert Session(node).raw("GET", "/readyz")[0] == 503
    for work in (lambda: Session(node, "gestionnaire", PASSWORD), lambda: session.get("/v1/entries/1")):
        told = refusal_of(work)[0]
        assert told and told[0] == 503, told


def restore_region(all):
    """A State node from its backup: it serves and signs nothing before all who may hold its stream have spoken, however
    long one of them takes."""
    region, departement, town = all.region, all.departement, all.town
    backup = region.path / "backup"
    region.run("backup", "--config", region.config, "--to", backup)
    for _ in range(3):
        last = region.record()["last_seq"]
    for holder in (town, departement):
        until("others hold its stream", lambda h=holder: h.head(REGION)["seq"] == last)
    session = region.api()
    region.stop()
    shutil.rmtree(region.data)
    region.run("restore", "--config", region.config, "--from", backup)
    cut_all(all)
    region.start(ready=False)
    session.close()
    serves_nothing(region, session)
    departement.process.send_signal(signal.SIGSTOP)
    try:
        heal_all(all)
        until("the town has spoken", lambda: town.link("region")["state"] == "up")
        until("it knows that it is behind", lambda: region.metric("toit_federation_alarms", kind="rolled_back") == 1)
        seq = town.record()["last_seq"]
        time.sleep(1.5)  # longer than a node waits that was not restored
        serves_nothing(region, session)
        assert not town.is_witnessed(seq, REGION), "nothing is signed while somebody may hold more"
    finally:
        departement.process.send_signal(signal.SIGCONT)
    region.wait_ready()
    for holder in (town, departement):
        assert region.head(REGION)["seq"] == last == holder.head(REGION)["seq"]
        assert region.head(REGION)["link"] == holder.head(REGION)["link"]
    until("the town's entry is witnessed", lambda: town.is_witnessed(seq, REGION, DEPARTEMENT))
    until("the alarms have gone", lambda: not region.standing()["alarms"])
    assert region.record()["first_seq"] == last + 1
    for node in all.members:
        assert not node.alarms("forked"), (node.name, node.standing())


def write_and_copy(all):
    """The town's disk as it was, and what it wrote afterwards."""
    town = all.town
    town.stop()
    town.copy_to("copy")
    town.start()
    receipts = [town.record() for _ in range(4)]
    until("what came after is witnessed", lambda: town.is_witnessed(receipts[-1]["last_seq"], REGION, DEPARTEMENT))
    town.stop()
    town.put_back("copy")
    return receipts


def put_back_town(all):
    """A territory: refused until it has its past again, then it writes after it."""
    town = all.town
    receipts = write_and_copy(all)
    last = receipts[-1]["last_seq"]
    for proxy in (all.to_region, all.to_departement):
        proxy.delay(0.5)  # so that it can be seen
    town.configure(all.anchor(), confirm_within_s=60)  # as docs/operating.md has it
    town.start(ready=False)
    refused, alarms = 0, 0
    while not (told := refusal_of(town.record))[1]:
        # Its actors begin again once its past is back: nobody knows what became of what one of them had before it.
        assert told[0][0] == 503 or told[0] == (504, "E_UNKNOWN_OUTCOME"), told
        refused += told[0][1] == "E_ROLLED_BACK"
        alarms += town.metric("toit_federation_alarms", kind="rolled_back") == 1
        time.sleep(0.05)
    assert refused > 0 and alarms > 0 and town.logged('"rolled_back"'), (refused, alarms)
    written = told[1]
    assert written["first_seq"] > last and "unconfirmed_since" not in written, written
    heal_all(all)
    for receipt in receipts:
        # Whoever folded the stream begins again once its past is back.
        entry = until("it answers", lambda seq=receipt["last_seq"]: town.get(f"/v1/entries/{seq}"))
        assert entry["head"]["link"] == receipt["head"]["link"], (entry, receipt)
    until("the alarm has gone", lambda: not town.standing()["alarms"])
    until("and is witnessed", lambda: town.is_witnessed(written["last_seq"], REGION, DEPARTEMENT))
    for node in all.members:
        assert not node.alarms("forked"), (node.name, node.standing())


def written_over(all):
    """Put back, and written to while nobody can tell: its receipts say so, and it is a fork as soon as others look."""
    town = all.town
    (town.path / "copy").rename(town.path / "older")
    receipts = write_and_copy(all)
    cut_all(all)
    town.configure(all.anchor())
    town.start(ready=False)
    until("nobody has spoken", lambda: town.alarms("unconfirmed", stream=TOWN))
    town.wait_ready()
    written = town.record()
    assert written["unconfirmed_since"], written
    assert written["first_seq"] <= receipts[-1]["last_seq"], "over its own past"
    assert town.metric("toit_federation_alarms", kind="unconfirmed") == 1
    while written["last_seq"] <= receipts[-1]["last_seq"] + 1:
        written = town.record()
    heal_all(all)
    for node in (all.region, all.departement):
        until(f"{node.name} finds it out", lambda n=node: n.alarms("forked", stream=TOWN))
        assert node.metric("toit_federation_alarms", kind="forked") >= 1
        entry = node.head(TOWN)
        assert entry["seq"] == receipts[-1]["last_seq"] and entry["link"] == receipts[-1]["head"]["link"], "the first history"
    until("so does the town", lambda: town.alarms("forked", stream=TOWN))
    assert not town.is_witnessed(written["last_seq"], REGION)


def main():
    with Federation() as all:
        for name, work in (
            ("a State node put back", put_back_region),
            ("a State node restored from its backup", restore_region),
            ("a territory put back", put_back_town),
            ("a territory put back and written over", written_over),
        ):
            begun = time.monotonic()
            work(all)
            print(f"{name} ({time.monotonic() - begun:.1f} s)", flush=True)
        all.stop()
        for node in (all.region, all.departement):
            node.verify()
    print("what others hold is taken back, and what is written over it is found out")


main()
