#!/usr/bin/env python3
"""L441-2-7-1-1a: nodes of a federation change their keys while it goes on: in order, and after a theft. Each refusal
on the way is asked for; whatever is recorded before, between and after is held and witnessed by both State nodes."""

import json
import shutil
import time

from federation import DEPARTEMENT, REGION, TOWN, Federation, until

ALONE = 700


def held_everywhere(all, node, stream, *holders):
    """All of it is here and there, and no alarm stands."""
    head = node.head(stream)
    for holder in holders:
        until(holder.standing, lambda holder=holder: holder.head(stream)["seq"] == head["seq"])
        assert holder.head(stream)["link"] == head["link"]
    for member in all.members:
        until(member.standing, lambda member=member: not member.standing()["alarms"])


def witnessed(node, seq, *by):
    until(lambda: node.marks(seq), lambda: node.is_witnessed(seq, *by))


def prepared(node):
    told = json.loads(node.run("--json", "keys", "rotate", "--config", node.config, "--prepare"))
    assert told["prepared"]
    return told


def rotate(node, *more, expect=0):
    return node.run("--json", "keys", "rotate", "--config", node.config, *more, expect=expect)


def in_force(all):
    """The directory last issued is everybody's."""
    for member in all.members:
        until(f"{member.name} has it", lambda member=member: member.metric("toit_directory_number") == all.number)


def in_order(all, node, *by):
    """As docs/operating.md says; the former link key is revoked at the end."""
    before = all.keys_of(node.path / "node.keys")
    seq = node.record()["first_seq"]
    witnessed(node, seq, *by)
    rotate(node, expect=1)  # it serves
    node.stop()
    rotate(node, expect=1)  # nothing is prepared
    node.start()
    next_keys = prepared(node)
    assert prepared(node) == next_keys, "prepared once"
    node.stop()
    rotate(node, expect=1)  # the directory does not name them
    node.start()
    all.bring(all.issue(beside=[(node.name, next_keys, ())]), node)
    in_force(all)
    node.stop()
    told = json.loads(rotate(node))
    assert told["changed"] and told["signing_key"] == next_keys["signing_key"]
    rotate(node, expect=1)  # once
    node.start()
    until(all.tell, all.all_up)
    witnessed(node, node.record()["first_seq"], *by)
    all.bring(all.issue(beside=[(node.name, before, ("link_keys",))]), *all.members)
    in_force(all)
    until(all.tell, all.all_up)
    witnessed(node, node.record()["first_seq"], *by)
    return before


def thief(town):
    """Whoever has a backup of the node with its keys, and has made it forget that it is one."""
    town.run("backup", "--config", town.config, "--to", town.path / "taken", "--with-keys")
    made = town.double("thief")
    made.run("restore", "--config", made.config, "--from", made.path / "taken")
    (made.data / "marks" / "restored").unlink()
    return made


def record_as_thief(made, *holders):
    """He records, under a directory that does not know yet; nobody lets him in, and nothing of it is held."""
    heads = [holder.head(TOWN) for holder in holders]
    counted = [holder.metric("toit_link_strangers_total") for holder in holders]
    made.start()
    try:
        assert made.record()["unconfirmed_since"]
        for holder, before in zip(holders, counted):
            until("he knocks", lambda h=holder, b=before: h.metric("toit_link_strangers_total") > b)
        assert all(link["state"] != "up" for link in made.standing()["links"])
        assert [holder.head(TOWN) for holder in holders] == heads
    finally:
        made.kill()


def after_a_theft(all, town, former):
    """Nobody lets it in, it records alone, and comes back under other keys with all that it recorded."""
    double = thief(town)
    stolen = all.keys_of(town.path / "node.keys")
    older = ("town", former, ("link_keys",))
    both = ("link_keys", "signing_keys")
    theft = {
        "revoked": [("town", kind) for kind in both],
        "revoked_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    all.bring(all.issue(beside=[older], **theft), *all.members)
    in_force(all)
    until(town.standing, lambda: not any(link["state"] == "up" for link in all.links(town)))
    record_as_thief(double, all.region, all.departement)
    # More batches than one message brings.
    alone = [town.record()["first_seq"] for _ in range(ALONE)]
    next_keys = prepared(town)
    all.bring(all.issue(beside=[older, ("town", next_keys, ())], **theft), *all.members)
    in_force(all)
    town.stop()
    assert json.loads(rotate(town))["signing_key"] == next_keys["signing_key"]
    all.bring(all.issue(beside=[older, ("town", stolen, both)], revoked_at=theft["revoked_at"]), *all.members)
    town.start()
    until(all.tell, all.all_up)
    for seq in (alone[0], alone[-1], town.record()["first_seq"]):
        witnessed(town, seq, REGION, DEPARTEMENT)
    for node in all.members:
        node.run("backup", "--config", node.config, "--to", node.path / "backup")
    return [older, ("town", stolen, both)]


def put_back_after_a_theft(all, town, former):
    """The machine is gone with its keys: an older backup is put back on another, under other keys. What had been
    witnessed comes back all the same, and only then does the stream announce the keys."""
    stolen = all.keys_of(town.path / "node.keys")
    both = ("link_keys", "signing_keys")
    town.run("backup", "--config", town.config, "--to", town.path / "before")
    seqs = [town.record()["first_seq"] for _ in range(ALONE)]
    witnessed(town, seqs[-1], REGION, DEPARTEMENT)
    head = town.head(TOWN)
    town.kill()
    shutil.rmtree(town.data)
    time.sleep(1.1)  # marks of before are older than the second of the revocation
    theft = {"revoked_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
    next_keys = prepared(town)
    all.bring(
        all.issue(beside=[*former, ("town", next_keys, ())], revoked=[("town", kind) for kind in both], **theft),
        *all.members,
    )
    town.run("restore", "--config", town.config, "--from", town.path / "before")
    assert json.loads(rotate(town))["signing_key"] == next_keys["signing_key"]
    town.start()
    until(all.tell, all.all_up)
    assert town.head(TOWN)["seq"] > head["seq"], "and the change of keys"
    for seq in (seqs[0], seqs[-1], town.record()["first_seq"]):
        witnessed(town, seq, REGION, DEPARTEMENT)
    return [*former, ("town", stolen, both)]


def main():
    with Federation() as all:
        region, departement, town = all.region, all.departement, all.town
        first = in_order(all, town, REGION, DEPARTEMENT)
        held_everywhere(all, town, TOWN, region, departement)
        former = after_a_theft(all, town, first)
        held_everywhere(all, town, TOWN, region, departement)
        stolen = put_back_after_a_theft(all, town, former)
        held_everywhere(all, town, TOWN, region, departement)
        # After two thefts: the keys of the directory that nobody has endorsed.
        keys = [all.keys_of(town.path / "node.keys"), *(one[1] for one in stolen)]
        known = [word for one in keys for word in ("--signer", f"{TOWN}:{one['signing_key']}")]
        all.stop()
        town.verify()
        for node in (region, departement):
            node.verify(*known)
            # Who does not know the key from elsewhere cannot tell the host from the thief.
            node.verify(expect=3)
        for node in all.members:
            node.start(ready=False)
        for node in all.members:
            node.wait_ready()
        until(all.tell, all.all_up)
        in_order(all, region, DEPARTEMENT)
        held_everywhere(all, region, REGION, departement, town)
        held_everywhere(all, town, TOWN, region, departement)
    print("keys were changed in order and after a theft: all that was recorded is held and witnessed")


main()
