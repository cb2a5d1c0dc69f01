"""A territory that passes from one real node to another: who records in it, the prefect who takes it over, and how far
it has come. Standard library only."""

import datetime
import json

from federation import TERRITORY, TOWN, session_where_served, until
from node import PASSWORD, Refused, siren

DOCUMENT = "c" * 64
HOSTED = f"/territoires/{TERRITORY}"


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


def kill_and_begin_again(node):
    node.kill()
    node.start(ready=False)


def begin_again_with_an_agent(region):
    """Of the service that holds the epoch: whoever runs its node lets him in, while it is stopped, and nobody else."""
    region.kill()
    region.run("account", "create", "--config", region.config, "--login", "prefecture", "--territory", TERRITORY,
               text=PASSWORD + "\n")
    region.start(ready=False)


# -- how far it has come ----------------------------------------------------------------------------------------------


def epoch(node):
    """In which it holds the territory's journal."""
    return node.head(TOWN)["epoch"]


def passing(node):
    """(epoch that is opened, node to which it is prepared to pass or None), as the node has heard."""
    for one in node.standing()["authorities"]:
        if one["stream"] == TOWN:
            return one["epoch"], one.get("next")
    return 0, None


def begun(node, before):
    """Nothing has to be seen."""
    return True


def prepared(node, before):
    opened, to = passing(node)
    return opened > before or to is not None


def opened(node, before):
    return passing(node)[0] > before


def taken_up(node, before):
    return epoch(node) > before


def cuts_made(node):
    """[(epoch, sequence of its first entry)] of what the node says to have taken over, since its folder was made."""
    lines = [json.loads(line) for line in node.logged("a stream has been taken over")]
    return [(line["epoch"], line["cut"]) for line in lines if line["stream"] == TOWN]


def settled_of(session, prefix, cut):
    """What became of each entry that the cut of this epoch has left out."""
    return [one["settled"] for one in items_of(session, prefix, "/v1/late-entries") if one["settled"]["cut"] == cut]
