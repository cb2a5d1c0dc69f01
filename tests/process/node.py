"""A real node in a folder of its own, for tests that need a process, sockets and signals. Standard library only."""

import http.client
import json
import os
import secrets
import signal
import ssl
import subprocess
import tempfile
import time
from pathlib import Path

TOIT = Path(os.environ.get("TOIT", Path(__file__).resolve().parents[2] / "build/dev/toit"))
PASSWORD = "mot de passe fictif"
TERRITORY = "200057867"
COMMUNES = ("93001", "93027", "93031", "93039", "93066", "93070", "93072", "93079")


class Refused(Exception):
    """The API answered with a problem."""

    def __init__(self, status, problem):
        super().__init__(f"{status} {problem.get('code')} {problem.get('path', '')} {problem.get('detail')}")
        self.status = status
        self.code = problem.get("code")
        self.problem = problem


class Session:
    """Somebody logged in. One connection, kept alive; not for two threads."""

    def __init__(self, node, login=None, password=PASSWORD):
        self.node = node
        self.token = None
        self.connection = None
        if login:
            self.token = self.post("/v1/login", {"login": login, "password": password}, key=None)["token"]

    def raw(self, method, target, body=None, headers=None, timeout=30, sent=lambda: None):
        """(status, headers, bytes); raises OSError or HTTPException when the node is gone. `sent` is called once the
        request is on its way."""
        if self.connection is None:
            context = ssl.create_default_context(cafile=self.node.certificate)
            self.connection = http.client.HTTPSConnection("127.0.0.1", self.node.port, timeout=timeout, context=context)
        head = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        head.update(headers or {})
        try:
            self.connection.request(method, target, body, head)
            sent()
            answer = self.connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        except Exception:
            self.close()
            raise

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def send(self, method, target, body=None, headers=None, key=None, purpose=None, sent=lambda: None):
        head = dict(headers or {})
        if body is not None:
            head.setdefault("Content-Type", "application/json")
        if key:
            head["Idempotency-Key"] = key
        if purpose:
            head["Toit-Purpose"] = purpose
        text = json.dumps(body).encode() if body is not None and not isinstance(body, bytes) else body
        status, _, content = self.raw(method, target, text, head, sent=sent)
        answer = json.loads(content) if content else {}
        if not 200 <= status < 300:
            raise Refused(status, answer)
        return answer

    def get(self, target, purpose=None):
        return self.send("GET", target, purpose=purpose)

    def post(self, target, body, key="fresh"):
        return self.send("POST", target, body, key=secrets.token_hex(16) if key == "fresh" else key)

    def put(self, target, body):
        return self.send("PUT", target, body, key=secrets.token_hex(16))

    def event(self, number, kind, event, **around):
        return self.post(f"/v1/demandes/{number}/events", {"kind": kind, "event": event, **around})


def assigned(receipt, name):
    """What the node gave: an identifier, a number."""
    for recorded in receipt["recorded"]:
        if name in recorded.get("assigned", {}):
            return recorded["assigned"][name]
    raise KeyError(name)


def form(given_names="Camille", commune="93001", **search):
    """A complete form of a fictitious person."""
    return {
        "identity": {
            "birth_name": "Exemple",
            "usual_name": "",
            "given_names": given_names,
            "birth_date": "1990-05-17",
            "nationality": "french",
        },
        "household": [],
        "contact": {"address": "1 rue Imaginaire"},
        "situation": {
            "family": "single",
            "profession": "permanent_contract",
            "housing": "private_tenant",
            "monthly_income_cents": 165000,
        },
        "search": {"typology": "t2", "communes": [commune], "persons_to_house": 1, **search},
    }


def file_document(session, number, command, content):
    """A document is sent with its command, in two parts."""
    limit = "limite-de-parties"
    head = f"--{limit}\r\nContent-Disposition: form-data; name=\"%s\"%s\r\nContent-Type: %s\r\n\r\n"
    body = (head % ("command", "", "application/json")).encode() + json.dumps(command).encode() + b"\r\n"
    body += (head % ("content", '; filename="avis.pdf"', "application/pdf")).encode() + content
    body += f"\r\n--{limit}--\r\n".encode()
    return session.send(
        "POST",
        f"/v1/demandes/{number}/documents",
        body,
        headers={"Content-Type": f"multipart/form-data; boundary={limit}"},
        key=secrets.token_hex(16),
    )


def siren(eight_digits):
    """With its checksum."""
    for last in range(10):
        digits = [int(c) for c in f"{eight_digits:08d}{last}"]
        total = sum(d if i % 2 == 0 else (2 * d - 9 if 2 * d > 9 else 2 * d) for i, d in enumerate(digits))
        if total % 10 == 0:
            return f"{eight_digits:08d}{last}"
    raise AssertionError


class Node:
    """`with Node() as node:` makes keys, configuration and first account, and serves until the end of the block."""

    def __init__(self, begins="2024-01-08", purpose="demonstration", extra="", place=None):
        self.folder = tempfile.TemporaryDirectory(prefix="toit-test-", dir=place)
        self.path = Path(self.folder.name)
        self.data = self.path / "data"
        self.config = self.path / "node.toml"
        self.log = self.path / "node.log"
        self.process = None
        self.port = None
        self.environment = {}
        clock = f'[clock]\nbegins = {begins}\n' if begins else ""
        self.config.write_text(
            f'purpose = "{purpose}"\n[territory]\nsiren = "{TERRITORY}"\n'
            'registration_system = "systeme_particulier"\nallots_numbers = true\n'
            '[data]\ndirectory = "data"\nkeys = "node.keys"\n[http]\nport = 0\n'
            f'[log]\nlevel = "debug"\nformat = "json"\n{clock}{extra}'
        )
        self.run("keys", "create", self.path / "node.keys")
        self.run("account", "create", "--config", self.config, "--login", "gestionnaire", text=PASSWORD + "\n")

    @property
    def certificate(self):
        return str(self.data / "tls/certificate.pem")

    def run(self, *arguments, text=None, expect=0):
        done = subprocess.run(
            [TOIT, *map(str, arguments)], input=text, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == expect, f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def start(self, ready=True):
        log = open(self.log, "ab")
        self.process = subprocess.Popen(
            [TOIT, "node", "run", "--config", self.config],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**os.environ, **self.environment},
        )
        log.close()
        line = self.process.stdout.readline()
        assert line.startswith("https://"), f"the node did not begin: {line}{self.log.read_text()[-2000:]}"
        self.port = int(line.rsplit(":", 1)[1])
        if ready:
            self.wait_ready()

    def wait_ready(self, seconds=60):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            session = Session(self)
            try:
                if session.raw("GET", "/readyz")[0] == 200:
                    return
            except OSError:
                assert self.process.poll() is None, self.log.read_text()[-2000:]
            finally:
                session.close()
            time.sleep(0.02)
        raise AssertionError("the node is not ready in time")

    def kill(self):
        self.send_kill()
        self.bury()

    def send_kill(self):
        self.process.send_signal(signal.SIGKILL)

    def bury(self):
        """Waits for what was killed."""
        self.process.wait()
        self.process.stdout.close()

    def stop(self, expect=0):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=60)
        self.process.stdout.close()
        self.process = None
        assert code == expect, f"the node ended with {code}: {self.log.read_text()[-3000:]}"

    def verify(self, *more, expect=0):
        return self.run("verify", self.data, "--keys", self.path / "node.keys", *more, expect=expect)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *failure):
        if self.process and self.process.poll() is None:
            self.kill() if failure[0] else self.stop()
        self.folder.cleanup()

    # -- bodies -----------------------------------------------------------------------------------------------------

    def administrator(self):
        return Session(self, "gestionnaire")

    def add_body(self, admin, login, digits, kind, habilitations, missions=("consult", "record")):
        """Legal person, habilitations and account; answers with its SIREN."""
        number = siren(digits)
        admin.post(
            "/v1/legal-persons", {"event": {"legal_person": number, "person_kind": kind, "name": f"Fictif {login}"}}
        )
        for granted in habilitations:
            admin.post(
                "/v1/habilitations",
                {"event": {"habilitation": {"legal_person": number, "mission": "", "from": "2015-01-01", **granted}}},
            )
        admin.post(
            "/v1/accounts",
            {
                "event": {"legal_person": number, "missions": list(missions), "from": "2015-01-01"},
                "account": {"login": login, "password": PASSWORD, "display_name": "Personne fictive"},
            },
        )
        return number
