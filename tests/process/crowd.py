"""Clients who record all at once, and a ledger of what they were answered. Standard library only."""

import http.client
import random
import secrets
import threading
import time

from node import Refused, Session, assigned, form

IN_FLIGHT_LEAST = 64
CLIENTS = 72  # some are between two commands at any moment
AGAIN_MOST = 600  # times that a client asks the same again of a node that is busy
REGISTRATION = {"channel": "desk", "identity_document_seen": True}


def open_desk(node):
    """A registering desk and a token of its account."""
    admin = node.administrator()
    registers = {"quality": "service_enregistreur", "registers_as": "e"}
    node.add_body(admin, "guichet", 90100000, "commune", [registers, {"quality": "gestionnaire"}])
    return Session(node, "guichet").post("/v1/tokens", {"label": "essai"})["secret"]


class Ledger:
    """What survives from one run of the node to the next."""

    def __init__(self):
        self.lock = threading.Lock()
        self.receipts = {}  # number -> sequences of its entries
        self.merges = []  # (kept number, absorbed number, sequences), acknowledged
        self.begun_merges = []  # (kept number, absorbed number), asked for in the present run
        self.unanswered = []  # (what to keep, target, body, key)
        self.phones = {}  # number -> the last one asked for
        self.in_flight = set()  # keys of the commands that are on their way
        self.answered = 0

    def sent(self, key):
        with self.lock:
            self.in_flight.add(key)

    def done(self, key):
        with self.lock:
            self.in_flight.discard(key)

    def keep(self, merge, number, receipt):
        sequences = range(receipt["first_seq"], receipt["last_seq"] + 1)
        with self.lock:
            self.answered += 1
            if merge:
                self.merges.append((*merge, sequences))
            elif number:
                self.receipts.setdefault(number, set()).update(sequences)

    def when_crowded(self, act, more_answers=0, within_s=60):
        """Does `act` at an instant at which as many commands are in flight as it takes; which ones."""
        wanted = self.answered + more_answers
        limit = time.monotonic() + within_s
        while time.monotonic() < limit:
            with self.lock:
                if len(self.in_flight) >= IN_FLIGHT_LEAST and self.answered >= wanted:
                    act()
                    return set(self.in_flight)
            time.sleep(0.0005)
        raise AssertionError(f"{len(self.in_flight)} commands in flight, {self.answered} answered of {wanted}")


class Client(threading.Thread):
    """One demande of its own; changes it, and now and then registers two more and merges them, until the node is gone."""

    def __init__(self, node, token, ledger, number, connected):
        super().__init__(daemon=True)
        self.session = Session(node)
        self.session.token = token
        self.ledger = ledger
        self.number = number
        self.connected = connected
        self.wrong = ""

    def command(self, target, body, number=None, merge=None):
        """The receipt, or None when the node went away before it answered."""
        key = secrets.token_hex(16)
        for _ in range(AGAIN_MOST):
            try:
                receipt = self.session.send("POST", target, body, key=key, sent=lambda: self.ledger.sent(key))
                self.ledger.keep(merge, number or assigned(receipt, "number"), receipt)
                return receipt
            except (OSError, http.client.HTTPException):
                with self.ledger.lock:
                    self.ledger.unanswered.append((merge, number, target, body, key))
                return None
            except Refused as refused:
                # Nothing that is asked here is ever refused, but by a node that is busy or stops.
                if refused.status not in (429, 503, 504):
                    raise
            finally:
                self.ledger.done(key)
            time.sleep(0.05)
        raise AssertionError(f"{AGAIN_MOST} times busy")

    def change(self):
        """A change names the value before it: that of the last change asked for, which is repeated if unanswered."""
        before, after = self.ledger.phones.get(self.number, ""), f"06{random.randrange(10**8):08d}"
        change = {"path": "contact.phone", "old_value": before, "new_value": after}
        with self.ledger.lock:
            self.ledger.phones[self.number] = after
        asked = {"kind": "demande_changed", "event": {"changes": [change]}}
        return self.command(f"/v1/demandes/{self.number}/events", asked, self.number)

    def merge(self):
        numbers = []
        for name in ("Lou", "Max"):
            receipt = self.command("/v1/demandes", {"event": {**REGISTRATION, "form": form(name)}})
            if not receipt:
                return None
            numbers.append(assigned(receipt, "number"))
        kept, absorbed = numbers
        with self.ledger.lock:
            self.ledger.begun_merges.append((kept, absorbed))
        asked = {"kind": "merged", "event": {"absorbed": [absorbed]}}
        return self.command(f"/v1/demandes/{kept}/events", asked, kept, (kept, absorbed))

    def run(self):
        try:
            self.session.raw("GET", "/healthz")
            self.connected.wait()
            while (self.merge if random.random() < 0.2 else self.change)():
                pass
        except Exception as wrong:  # whatever it is, the test tells it
            self.wrong = repr(wrong)
        finally:
            self.session.close()


def register(session, ledger):
    """A demande for each client; their numbers."""
    numbers = []
    for _ in range(CLIENTS):
        receipt = session.post("/v1/demandes", {"event": {**REGISTRATION, "form": form()}})
        numbers.append(assigned(receipt, "number"))
        ledger.keep(None, numbers[-1], receipt)
    return numbers


def begin(node, token, ledger, numbers):
    """All of them at work, none before the last is connected."""
    connected = threading.Barrier(len(numbers), timeout=60)
    clients = [Client(node, token, ledger, number, connected) for number in numbers]
    for client in clients:
        client.start()
    return clients


def wait_for(clients):
    for client in clients:
        client.join(timeout=60)
        assert not client.is_alive(), "a client waits for a node that is gone"
        assert not client.wrong, client.wrong


# -- what must be there after a restart -------------------------------------------------------------------------------


def timeline(session, number):
    return session.get(f"/v1/demandes/{number}", purpose="shared_management")


def sequences(view):
    return {line["seq"] for line in view["timeline"]}


def check_receipts(session, ledger):
    """Every receipt ever given is in the timeline of its demande, all of it."""
    for number, promised in ledger.receipts.items():
        missing = promised - sequences(timeline(session, number))
        assert not missing, f"{number} lost {sorted(missing)[:5]}"


def check_merge(session, kept, absorbed):
    """What both demandes say of the merge must agree; the sequences of both."""
    of_kept, of_absorbed = timeline(session, kept), timeline(session, absorbed)
    says_kept = any(line["kind"] == "merged" for line in of_kept["timeline"])
    says_absorbed = of_absorbed["state"]["status"] != "active"
    assert says_kept == says_absorbed, f"half a merge of {absorbed} into {kept}"
    return says_kept, sequences(of_kept) | sequences(of_absorbed)


def check_merges(session, ledger):
    """Those acknowledged are there, each entry of theirs in one of the two timelines."""
    for kept, absorbed, promised in ledger.merges:
        there, shown = check_merge(session, kept, absorbed)
        assert there, f"the merge of {absorbed} was acknowledged and is not there"
        assert shown.issuperset(promised), f"the merge of {absorbed} lost {sorted(set(promised) - shown)}"


def repeat_unanswered(session, ledger):
    """A command whose answer was lost is asked again under its key: it is done once, whatever had happened."""
    waiting, ledger.unanswered = ledger.unanswered, []
    for merge, number, target, body, key in waiting:
        first = session.send("POST", target, body, key=key)
        again = session.send("POST", target, body, key=key)
        assert (first["first_seq"], first["last_seq"]) == (again["first_seq"], again["last_seq"])
        ledger.keep(merge, number or assigned(first, "number"), first)
    return len(waiting)


def count_demandes(session):
    """All that the node has, page by page."""
    count, target = 0, "/v1/demandes?limit=200"
    while target:
        page = session.get(target, purpose="shared_management")
        count += len(page["items"])
        target = page.get("next")
    return count


def check_after_restart(session, ledger):
    """First what is there as the node left it, half a command included; then what is asked again. How many were."""
    check_receipts(session, ledger)
    for kept, absorbed in ledger.begun_merges:
        check_merge(session, kept, absorbed)
    repeated = repeat_unanswered(session, ledger)
    for kept, absorbed in ledger.begun_merges:
        there, _ = check_merge(session, kept, absorbed)
        assert there, f"the merge of {absorbed} was asked again and is not there"
    ledger.begun_merges = []
    return repeated
