"""A small federation of real nodes: a regional and a departmental node, and one territory, each a process of its own.
Whoever goes to a State node goes through a proxy, to which anything can be done. Standard library only.

    with Federation() as all:
        all.to_region.cut()        # nobody reaches the regional node
        all.to_departement.cut()   # the territory does not reach the departmental one
"""

import copy
import http.client
import json
import os
import random
import shutil
import socket
import tempfile
import time
from pathlib import Path

from fault_proxy import FaultProxy
from node import PASSWORD, TERRITORY, Node, Refused, Session
from node import siren as siren_with_key

REGION, DEPARTEMENT, TOWN = "SR11", "SD93", f"T{TERRITORY}"
STATE_SIREN = "123456782"
OTHER_TERRITORY = "200057875"
LONG = "2040-01-01T00:00:00Z"
# About twice what a node holds under sanitizers, another territory beside its own; floods bring more than is left.
MEMORY_MOST = 512 << 20

# What a sanitizer keeps of memory that was given back is no node's.
os.environ["ASAN_OPTIONS"] = ":".join(filter(None, (os.environ.get("ASAN_OPTIONS"), "quarantine_size_mb=8")))


def until(what, is_so, within_s=30):
    """Waits for what must come, and returns it; `what` says what did not."""
    deadline = time.monotonic() + within_s

    def found_so():
        try:
            return is_so()
        except Refused as refused:
            if refused.status != 503:
                raise
            return None  # it is busy with itself

    while not (found := found_so()):
        assert time.monotonic() < deadline, f"not within {within_s} s: {what() if callable(what) else what}"
        time.sleep(0.05)
    return found


def let_adhere(prefect, host):
    """A regional set of specifications, and the system that meets all of it: a territory may adhere to it."""
    api = prefect.api()
    today = prefect.get("/v1/clock")["today"]
    item = {"id": "1.1", "asks": "Les flux sont quotidiens.", "article": "cahier"}
    checklist = {"name": "cahier_des_charges_regional", "version": len(api.get("/v1/specifications")["items"]),
                 "from": today, "items": [item]}
    api.post("/v1/specifications", {"event": {"checklist": checklist, "opinion_on": today, "source": "Arrêté fictif"}})
    findings = [
        {"checklist": one["name"], "version": one["version"],
         "items": [{"item": item["id"], "finding": "met", "ground": ""} for item in one["items"]]}
        for one in api.get("/v1/specifications")["items"]
    ]
    api.post("/v1/joinables", {"event": {"host": host.service, "joined": "systeme_particulier", "level": "region",
                                         "findings": findings, "source": "Désignation fictive"}})


def adhere(own, siren, host):
    """Decided by the territory's gestionnaire, once what the prefect has found has come."""
    responsible = {"legal_person": siren, "quality": "epci_responsable", "from": "2016-01-01"}
    own.post("/v1/habilitations", {"event": {"habilitation": responsible}})
    decided = {"joined": "systeme_particulier", "level": "region", "host": host.service,
               "source": "Délibération fictive"}

    def is_decided():
        try:
            return own.post("/v1/dispositif/events", {"kind": "adhesion_decided", "event": decided})
        except Refused as refused:
            if refused.code == "E_NOT_CONFORM":
                return None  # what the prefect has found is on its way
            raise

    until("the territory adheres", is_decided, within_s=120)


def leave(there, prefix):
    left = {"kind": "adhesion_left", "event": {"source": "Délibération fictive"}}
    there.post(f"{prefix}/v1/dispositif/events", left)


def session_where_served(node, prefix, login="gestionnaire"):
    """None where the territory is not served now."""
    session = Session(node)
    try:
        answer = session.post(f"{prefix}/v1/login", {"login": login, "password": PASSWORD}, key=None)
    except (Refused, OSError, http.client.HTTPException):
        session.close()
        return None
    session.token = answer["token"]
    return session


def free_port():
    """Below what Linux gives out by itself (net.ipv4.ip_local_port_range): a proxy that were given a node's port before
    the node listens there would be connected to itself, once for each connection that it opens, without end."""
    for _ in range(100):
        port = random.randrange(20000, 32768)
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue  # somebody has it
    raise RuntimeError("no free port")


class Member(Node):
    """A node of a federation, in a folder below the federation's own."""

    memory_most = MEMORY_MOST

    def __init__(self, place, name, stream, description, port=None):
        self.name = name
        self.stream = stream
        self.path = place / name
        self.path.mkdir()
        self.data = self.path / "data"
        self.config = self.path / "node.toml"
        self.log = self.path / "node.log"
        self.directory = self.path / "directory.toit"
        self.process = None
        self.port = None
        self.environment = {}
        self.more_of_federation = ""
        self.identity = None  # folder of a certificate; a demonstration makes its own
        self.link_port = port
        self.description = description
        self.tier, self.proxy = "territory", None
        self.session, self.used_at = None, 0
        self.run("keys", "create", self.path / "node.keys")

    @property
    def certificate(self):
        return str((self.identity or self.data / "tls") / "certificate.pem")

    def configure(self, anchor, purpose="demonstration", confirm_within_s=1):
        listen = f'listen = "tcp://127.0.0.1:{self.link_port}"\n' if self.link_port else ""
        own = ""
        if self.identity:
            own = f'certificate = "{self.identity}/certificate.pem"\nprivate_key = "{self.identity}/private_key.pem"\n'
        self.config.write_text(
            f'purpose = "{purpose}"\n{self.description}\n[data]\ndirectory = "data"\nkeys = "node.keys"\n'
            f'[http]\nport = 0\n{own}[log]\nlevel = "info"\nformat = "json"\n'
            f'[federation]\nname = "{self.name}"\ndirectory = "directory.toit"\nanchor = "{anchor}"\n{listen}'
            f"confirm_within_seconds = {confirm_within_s}\n{self.more_of_federation}"
        )

    def start(self, ready=True):
        super().start(ready)
        self.session = None

    def stop(self, expect=0):
        if self.process.poll() is None:
            self.check_memory()
        super().stop(expect)

    # -- what it says -------------------------------------------------------------------------------------------------

    def api(self):
        if self.session is None:
            self.session = self.administrator()
        if time.monotonic() - self.used_at > 20:
            self.session.close()  # a node hangs up on who says nothing for a minute
        self.used_at = time.monotonic()
        return self.session

    def asked(self, ask):
        """`ask` of a session; of another where the node has begun anew meanwhile."""
        try:
            return ask(self.api())
        except Refused as refused:
            if refused.status != 401:
                raise
            self.session = None
            return ask(self.api())

    def get(self, target):
        return self.asked(lambda session: session.get(target))

    def record(self, session=None):
        """One entry in its own stream: the receipt."""

        def post(by):
            return by.post("/v1/clock/confirmation", {"event": {}})

        return post(session) if session else self.asked(post)

    def standing(self):
        return self.get("/v1/federation")

    def link(self, to):
        return next((link for link in self.standing()["links"] if link["node"] == to), None)

    def alarms(self, kind, **more):
        """Those that stand, of a kind, with a stream or a node."""
        return [
            alarm
            for alarm in self.standing()["alarms"]
            if alarm["kind"] == kind and all(alarm.get(key) == value for key, value in more.items())
        ]

    def metric(self, name, **labels):
        """The sum of all lines of that name and those labels."""
        total = 0.0
        for line in Session(self).raw("GET", "/metrics")[2].decode().splitlines():
            if line.split("{")[0].split(" ")[0] == name and all(f'{k}="{v}"' in line for k, v in labels.items()):
                total += float(line.split()[-1])
        return total

    def marks(self, seq):
        """The latest mark of each witness on an entry of its own stream."""
        return {mark["witness"]: mark for mark in self.get(f"/v1/entries/{seq}")["witnesses"]}

    def is_witnessed(self, seq, *by):
        return set(by) <= self.marks(seq).keys()

    def head(self, stream):
        return self.get(f"/v1/streams/{stream}/head")

    def resident_bytes(self):
        return self.memory("VmRSS")

    def memory(self, which):
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(f"{which}:"):
                return int(line.split()[1]) << 10
        raise AssertionError("no such process")

    def check_memory(self):
        """Whatever has befallen it: the most that its process ever held."""
        most = self.memory("VmHWM")
        assert most < self.memory_most, f"{self.name} has held {most >> 20} MiB"

    def logged(self, words):
        return [line for line in self.log.read_text().splitlines() if words in line] if self.log.exists() else []

    # -- its disk -----------------------------------------------------------------------------------------------------

    def copy_to(self, name):
        """The data folder of a node that does not run, beside it."""
        shutil.copytree(self.data, self.path / name)

    def double(self, name):
        """All that stands on its disk but the data, in a folder beside it."""
        other = copy.copy(self)
        other.path = self.path.parent / name
        shutil.copytree(self.path, other.path, ignore=shutil.ignore_patterns("data", "node.log"))
        other.data, other.config, other.log = other.path / "data", other.path / "node.toml", other.path / "node.log"
        other.directory = other.path / "directory.toit"
        other.process, other.session = None, None
        return other

    def put_back(self, name):
        shutil.rmtree(self.data)
        shutil.copytree(self.path / name, self.data)


# Who follows the territory, and is a node: (name, tier, code of the région or département).
SEINE_SAINT_DENIS = (("region", "region", "11"), ("departement", "departement", "93"))


class Federation:
    """With `other`, `siren` and `link_key` the directory also has a territory of that name whose node the test plays.
    `states` are the authorities of the territory `town`, the first of them the ordering one; each answers for itself
    with a SIREN of its own in `service`, where `own_services` says so. `more_towns` are further territories, with a node
    each; with `town` None there is none at all, and `bare` are lines of territories without a node. The town's day is set by hand, and the first one is `town_begins`. `production` is the folder of a certificate: a clock that jumps means something there alone."""

    def __init__(self, other=None, siren=None, link_key=None, states=SEINE_SAINT_DENIS, town=TERRITORY, more_towns=(),
                 bare=(), own_services=False, town_begins=None, production=None):
        self.folder = tempfile.TemporaryDirectory(prefix="toit-test-")
        self.place = Path(self.folder.name)
        self.proxies = []
        self.others = []  # (name, stream, siren, keys) of nodes that are nobody's process
        self.states = [self.add_state(*state, own_services) for state in states]
        self.region, self.departement = self.states[:2]
        begins = f"\n[clock]\nbegins = {town_begins}" if town_begins else ""
        sirens = (town, *more_towns) if town else ()
        self.towns = [self.add_town(f"town-{n}" if n else "town", siren, begins) for n, siren in enumerate(sirens)]
        self.town = self.towns[0] if town else None
        self.bare = bare
        self.members = [*self.states, *self.towns]
        self.purpose = "production" if production else "demonstration"
        for node in self.members:
            node.identity = production
        for node in self.states:
            node.proxy = self.add_proxy(node)
        self.to_region, self.to_departement = self.region.proxy, self.departement.proxy
        self.region.run("keys", "create", self.place / "anchor.keys")
        self.region.run("keys", "create", self.place / "escrow.keys")
        self.region.more_of_federation = f'escrow_keys = "{self.place}/escrow.keys"\n'
        self.number = 0
        if other:
            self.region.run("keys", "create", self.place / "other.keys")
            keys = {**self.keys_of(self.place / "other.keys"), "link_key": link_key.hex()}
            self.others.append((other, f"T{siren}", siren, keys))

    def add_state(self, name, tier, code, own_service):
        service = siren_with_key(99990000 + len(list(self.place.iterdir()))) if own_service else STATE_SIREN
        node = Member(
            self.place,
            name,
            ("SR" if tier == "region" else "SD") + code,
            f'[authority]\ntier = "{tier}"\ncode = "{code}"\nlegal_person = "{service}"',
            free_port(),
        )
        node.tier, node.service = tier, service
        return node

    def add_town(self, name, siren, begins):
        node = Member(
            self.place,
            name,
            f"T{siren}",
            f'[territory]\nsiren = "{siren}"\nregistration_system = "systeme_particulier"\nallots_numbers = true{begins}',
        )
        node.siren = siren
        return node

    def add_proxy(self, node):
        self.proxies.append(FaultProxy("127.0.0.1", node.link_port, seed=1))
        return self.proxies[-1]

    def keys_of(self, file):
        return json.loads(self.region.run("keys", "show", "--json", file))

    def link_key(self, node):
        return bytes.fromhex(self.keys_of(node.path / "node.keys")["link_key"])

    # -- the directory ------------------------------------------------------------------------------------------------

    def issue(self, issued_at=None, valid_until=LONG, revoked=(), beside=(), revoked_at="2020-01-01T00:00:00Z",
              territories=(), sealed_to_nobody=()):
        """A signed file with the next number. `territories`: lines of each territory, where not all follow it always.
        `revoked`: (node, "link_keys" or "signing_keys"). `beside`: (node, keys, revoked kinds) that it has had, or is
        to have. `sealed_to_nobody`: nodes whose operating key is left out."""
        self.number += 1
        text = [f'number = {self.number}\npurpose = "{self.purpose}"\nvalid_until = {valid_until}\n']
        if issued_at:
            text.append(f"issued_at = {issued_at}\n")
        for node in self.members:
            more = [(keys, kinds) for name, keys, kinds in beside if name == node.name]
            now = self.keys_of(node.path / "node.keys")
            if node.name in sealed_to_nobody:
                del now["operating_key"]
            text.append(self.describe(node.name, node.tier, node.stream, now, node.proxy, revoked, more, revoked_at))
        for name, stream, _, keys in self.others:
            text.append(self.describe(name, "territory", stream, keys, None, revoked))
        for siren in (*(town.siren for town in self.towns), *(other[2] for other in self.others)):
            text += [line.format(siren=siren) for line in territories or [self.followed_by(*self.states)]]
        for siren, more in self.bare:
            text.append(self.followed_by(*self.states).format(siren=siren) + more)
        description = self.place / f"directory-{self.number}.toml"
        description.write_text("\n".join(text))
        signed = self.place / f"directory-{self.number}.toit"
        self.region.run("directory", "issue", "--from", description, "--anchor", self.place / "anchor.keys", "--out", signed)
        return signed

    def followed_by(self, *states, dates="from = 2016-01-01"):
        """A territory's line: the first orders."""
        supervisors = ", ".join(f'"{node.stream}"' for node in states)
        return (
            f'[[territories]]\nterritory = "{{siren}}"\nordering = "{states[0].stream}"\n'
            f'supervisors = [{supervisors}]\n{dates}\nregistration_system = "systeme_particulier"\nallots_numbers = true\n'
        )

    def describe(self, name, tier, stream, keys, proxy, revoked, more=(), revoked_at="2020-01-01T00:00:00Z"):
        def dated(kind):
            def one(which, kinds):
                end = f", revoked = {revoked_at}" if kind in kinds else ""
                return f'{{ key = "{which[kind[:-1]]}", from = 2019-01-01T00:00:00Z{end} }}'

            own = [k for node, k in revoked if node == name]
            return f"{kind} = [{', '.join(one(*pair) for pair in [(keys, own), *more])}]\n"

        siren = stream[1:] if tier == "territory" else next(node.service for node in self.states if node.name == name)
        endpoint = f'endpoint = "tcp://127.0.0.1:{proxy.port}"\n' if proxy else ""
        escrow = f'escrow_key = "{self.escrow_of(name)}"\n' if name in self.escrows() else ""
        operating = f'operating_key = "{keys["operating_key"]}"\n' if "operating_key" in keys else ""
        return (
            f'[[nodes]]\nname = "{name}"\ntier = "{tier}"\nlegal_person = "{siren}"\ntitle = "{name}"\n{endpoint}'
            f'{dated("link_keys")}{dated("signing_keys")}{operating}{escrow}'
            f'streams = ["{stream}"]\n'
        )

    def escrows(self):
        """Who may order: by default the first alone."""
        return [node.name for node in self.states if node is self.region or (self.place / f"{node.name}-escrow.keys").exists()]

    def escrow_of(self, name):
        file = self.place / ("escrow.keys" if name == self.region.name else f"{name}-escrow.keys")
        return self.keys_of(file)["operating_key"]

    def make_escrow(self, node):
        """From the next directory on the node may order, too."""
        node.run("keys", "create", self.place / f"{node.name}-escrow.keys")

    def bring(self, signed, *to):
        """Puts a directory into the place where a node looks for it."""
        for node in to:
            shutil.copyfile(signed, node.path / "brought")
            (node.path / "brought").rename(node.directory)

    # -- life ---------------------------------------------------------------------------------------------------------

    def __enter__(self):
        try:
            self.begin()
        except BaseException as failure:
            self.__exit__(type(failure))
            raise
        return self

    def anchor(self):
        return self.keys_of(self.place / "anchor.keys")["signing_key"]

    def begin(self):
        self.bring(self.issue(), *self.members)
        for node in self.members:
            node.configure(self.anchor(), self.purpose)
            node.run("account", "create", "--config", node.config, "--login", "gestionnaire", text=PASSWORD + "\n")
        for node in self.members:
            node.start(ready=False)
        for node in self.members:
            node.wait_ready()
        until(self.tell, self.all_up)

    def all_up(self):
        return all(link["state"] == "up" for node in self.members for link in self.links(node))

    def links(self, node):
        """With the nodes that are there."""
        there = {member.name for member in self.members}
        return [link for link in node.standing()["links"] if link["node"] in there]

    def tell(self):
        return {node.name: node.standing() for node in self.members}

    def stop(self):
        for node in self.members:
            if node.process:
                node.stop()

    def __exit__(self, *failure):
        try:
            if not failure[0]:
                self.stop()
        finally:
            for node in self.members:
                if node.process and node.process.poll() is None:
                    node.kill()
            for proxy in self.proxies:
                proxy.close()
            if failure[0]:
                for node in self.members:
                    print(f"-- {node.name}\n" + "\n".join(node.logged("")[-25:]))
            self.folder.cleanup()
