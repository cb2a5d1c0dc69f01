#!/usr/bin/env python3
"""A hundred times, the node is killed at an instant drawn by chance while 64 commands are in flight; what it had
acknowledged is there after each restart, and no command is half there.

# [R441-2-15-I-9] [R441-2-15-V-2-5]
"""

import http.client
import os
import random
import secrets
import sys
import threading
import time

from node import Node, Refused, Session, assigned, form

KILLS = int(os.environ.get("KILLS", "100"))
CLIENTS = 64


class Client(threading.Thread):
    """One demande of its own; changes it, and now and then registers two more and merges them."""

    def __init__(self, node, token, number):
        super().__init__(daemon=True)
        self.node = node
        self.token = token
        self.number = number
        self.text = ""

    # What survives from one run of the node to the next, for all clients.
    lock = threading.Lock()
    receipts = {}  # number -> set of sequences
    pairs = {}  # kept number -> absorbed number, of merges acknowledged
    maybe_pairs = {}  # of merges not answered
    unanswered = []  # (target, body, key)
    phones = {}  # number -> the last one asked for
    in_flight = 0
    most_in_flight = 0
    answered = 0

    @classmethod
    def count(cls, by):
        with cls.lock:
            cls.in_flight += by
            cls.most_in_flight = max(cls.most_in_flight, cls.in_flight)

    def command(self, session, target, body):
        """The receipt, or None when the node died first."""
        key = secrets.token_hex(16)
        self.count(1)
        try:
            receipt = session.send("POST", target, body, key=key)
        except (OSError, http.client.HTTPException):
            with self.lock:
                self.unanswered.append((target, body, key))
            return None
        finally:
            self.count(-1)
        with self.lock:
            Client.answered += 1
        return receipt

    def keep(self, number, receipt):
        with self.lock:
            self.receipts.setdefault(number, set()).update(range(receipt["first_seq"], receipt["last_seq"] + 1))

    def change(self, session):
        """A change names the value before it: that of the last change asked for, which is repeated if unanswered."""
        before, after = self.phones.get(self.number, ""), f"06{random.randrange(10**8):08d}"
        change = {"path": "contact.phone", "old_value": before, "new_value": after}
        with self.lock:
            self.phones[self.number] = after
        target = f"/v1/demandes/{self.number}/events"
        receipt = self.command(session, target, {"kind": "demande_changed", "event": {"changes": [change]}})
        if receipt:
            self.keep(self.number, receipt)
        return receipt

    def merge(self, session):
        numbers = []
        for name in ("Lou", "Max"):
            receipt = self.command(
                session,
                "/v1/demandes",
                {"event": {"channel": "desk", "identity_document_seen": True, "form": form(name)}},
            )
            if not receipt:
                return None
            numbers.append(assigned(receipt, "number"))
            self.keep(numbers[-1], receipt)
        with self.lock:
            self.maybe_pairs[numbers[0]] = numbers[1]
        receipt = self.command(
            session, f"/v1/demandes/{numbers[0]}/events", {"kind": "merged", "event": {"absorbed": [numbers[1]]}}
        )
        if receipt:
            with self.lock:
                self.pairs[numbers[0]] = numbers[1]
        return receipt

    def run(self):
        session = Session(self.node)
        session.token = self.token
        try:
            while True:
                work = self.merge if random.random() < 0.1 else self.change
                if not work(session):
                    return
        except Refused as refused:
            # Nothing that is asked here is ever refused, but while the node begins or stops.
            if refused.status not in (429, 503, 504):
                self.text = str(refused)
        finally:
            session.close()


def check_receipts(session):
    """Every receipt ever given is in the timeline of its demande, all of it."""
    for number, sequences in Client.receipts.items():
        view = session.get(f"/v1/demandes/{number}", purpose="shared_management")
        shown = {line["seq"] for line in view["timeline"]}
        missing = {seq for seq in sequences if seq not in shown}
        # Entries of a merge are in the timelines of both demandes.
        assert not missing, f"{number} lost {sorted(missing)[:5]}"


def is_absorbed(session, kept, absorbed):
    """What both demandes say of the merge must agree."""
    of_kept = session.get(f"/v1/demandes/{kept}", purpose="shared_management")
    of_absorbed = session.get(f"/v1/demandes/{absorbed}", purpose="shared_management")
    says_kept = any(line["kind"] == "merged" for line in of_kept["timeline"])
    says_absorbed = of_absorbed["state"]["status"] != "active"
    assert says_kept == says_absorbed, f"half a merge of {absorbed} into {kept}"
    return says_kept


def check_merges(session):
    for kept, absorbed in Client.pairs.items():
        assert is_absorbed(session, kept, absorbed), f"the merge of {absorbed} was acknowledged and is not there"
    for kept, absorbed in list(Client.maybe_pairs.items()):
        is_absorbed(session, kept, absorbed)


def repeat_unanswered(session):
    """A command whose answer was lost is asked again under its key: it is done once, whatever had happened."""
    waiting, Client.unanswered = Client.unanswered, []
    for target, body, key in waiting:
        first = session.send("POST", target, body, key=key)
        again = session.send("POST", target, body, key=key)
        assert (first["first_seq"], first["last_seq"]) == (again["first_seq"], again["last_seq"])
    return len(waiting)


def main():
    seed = int(os.environ.get("SEED", random.SystemRandom().randrange(1 << 30)))
    random.seed(seed)
    print(f"seed {seed}")
    with Node() as node:
        admin = node.administrator()
        registers = {"quality": "service_enregistreur", "registers_as": "e"}
        node.add_body(admin, "guichet", 90100000, "commune", [registers, {"quality": "gestionnaire"}])
        desk = Session(node, "guichet")
        token = desk.post("/v1/tokens", {"label": "essai"})["secret"]
        numbers = []
        for _ in range(CLIENTS):
            receipt = desk.post(
                "/v1/demandes", {"event": {"channel": "desk", "identity_document_seen": True, "form": form()}}
            )
            numbers.append(assigned(receipt, "number"))
            Client.receipts[numbers[-1]] = {receipt["first_seq"]}
        repeated = 0
        for kill in range(KILLS):
            clients = [Client(node, token, number) for number in numbers]
            for client in clients:
                client.start()
            time.sleep(random.uniform(0.05, 0.4))
            node.kill()
            for client in clients:
                client.join(timeout=60)
                assert not client.is_alive(), "a client waits for a node that is gone"
                assert not client.text, client.text
            node.start()
            session = Session(node)
            session.token = token
            repeated += repeat_unanswered(session)
            check_receipts(session)
            # All merges are read at the end; after each kill, those of its own run.
            if kill % 10 == 9:
                check_merges(session)
                Client.pairs.clear()
                Client.maybe_pairs.clear()
                Client.receipts = {n: s for n, s in Client.receipts.items() if n in numbers}
            session.close()
        node.stop()
        node.verify()
        assert Client.most_in_flight >= CLIENTS, Client.most_in_flight
    print(f"{KILLS} kills, {Client.answered} receipts kept, {repeated} repeated, {Client.most_in_flight} in flight")


if __name__ == "__main__":
    try:
        main()
    except AssertionError as wrong:
        print(f"FAILED: {wrong}")
        sys.exit(1)
