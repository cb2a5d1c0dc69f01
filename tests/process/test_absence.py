#!/usr/bin/env python3
"""An island whose commune lies in no EPCI, and which never had a node: the prefect institutes a dispositif for it, his
node begins its journal, and a demande is registered there under the rules that the directory names.

# [L441-2-7-4-4]
"""

import datetime

from federation import Federation, until
from node import PASSWORD, Refused, Session, assigned, form, siren

STATES = (("vendee", "departement", "85"), ("pays-de-la-loire", "region", "52"))
ISLAND = siren(99_970_001)
COMMUNE, ELSEWHERE = "85113", "85191"
LINE = f'name = "Île fictive"\ndepartements = ["85"]\ncommunes = ["{COMMUNE}"]\n'
HOSTED = f"/territoires/{ISLAND}"
DOCUMENT = "c" * 64


def note(prefect, kind, event):
    return prefect.api().post(f"/v1/territories/{ISLAND}/events", {"kind": kind, "event": event})


def institute(prefect):
    """In force tomorrow, which comes at once."""
    today = datetime.date.fromisoformat(prefect.get("/v1/clock")["today"])
    note(prefect, "obligation_noted", {"territory": ISLAND, "concern": "no", "communes": [COMMUNE], "source": "Liste fictive"})
    act = {"number": "2026-FICTIF-ILE", "signatory": "Mme Exemple, préfète", "document": DOCUMENT,
           "effective_from": str(today)}
    signed = assigned(note(prefect, "substitution_ordered", {"act": act, "territory": ISLAND, "ground": "absence"}), "act")
    for kind, more in (("act_published", {"where": "Recueil fictif"}),
                       ("act_notified", {"addressee": ISLAND, "receipt": DOCUMENT})):
        prefect.api().post(f"/v1/acts/{signed}/events", {"kind": kind, "event": {"act": signed, **more}})
    tomorrow = today + datetime.timedelta(days=1)
    prefect.api().put("/v1/clock", {"event": {"now": f"{tomorrow}T08:00:00Z"}})


def is_begun(prefect):
    try:
        return prefect.head(f"T{ISLAND}")["epoch"] == 1
    except Refused as refused:
        assert refused.status in (404, 503), refused
        return False


def log_in(prefect, login):
    session = Session(prefect)
    session.token = session.post(f"{HOSTED}/v1/login", {"login": login, "password": PASSWORD}, key=None)["token"]
    return session


def open_desk(gestionnaire):
    number = siren(21_850_001)
    person = {"legal_person": number, "person_kind": "commune", "name": "Guichet fictif"}
    gestionnaire.post(f"{HOSTED}/v1/legal-persons", {"event": person})
    granted = {"legal_person": number, "quality": "service_enregistreur", "registers_as": "e", "mission": "",
               "from": "2015-01-01"}
    gestionnaire.post(f"{HOSTED}/v1/habilitations", {"event": {"habilitation": granted}})
    account = {"login": "guichet", "password": PASSWORD, "display_name": "Personne fictive"}
    opened = {"legal_person": number, "missions": ["consult", "record"], "from": "2015-01-01"}
    gestionnaire.post(f"{HOSTED}/v1/accounts", {"event": opened, "account": account})


def register(desk, commune):
    event = {"channel": "desk", "identity_document_seen": True, "form": form(commune=commune)}
    return assigned(desk.post(f"{HOSTED}/v1/demandes", {"event": event}), "number")


def main():
    with Federation(states=STATES, town=None, bare=((ISLAND, LINE),), own_services=True) as nodes:
        prefect, other = nodes.states
        institute(prefect)
        until("the island's journal is begun", lambda: is_begun(prefect))
        prefect.stop()
        prefect.run("account", "create", "--config", prefect.config, "--login", "ile", "--territory", ISLAND,
                    text=PASSWORD + "\n")
        prefect.start()
        open_desk(until("served", lambda: log_in(prefect, "ile")))
        desk = log_in(prefect, "guichet")
        number = register(desk, COMMUNE)
        assert number[:3] == "085", number
        try:
            register(desk, ELSEWHERE)
            raise AssertionError("a commune of another territory")
        except Refused as refused:
            assert refused.code == "E_OUT_OF_SCOPE", refused
        assert number in str(desk.get(f"{HOSTED}/v1/demandes/{number}", purpose="shared_management"))
        seq = prefect.head(f"T{ISLAND}")["seq"]
        until("the other State node holds it", lambda: other.head(f"T{ISLAND}")["seq"] >= seq)
        nodes.stop()
        for node in nodes.members:
            node.verify()
    print(f"a dispositif for a commune in none: {number} is registered in it")


main()
