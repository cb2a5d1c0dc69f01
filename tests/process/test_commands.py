#!/usr/bin/env python3
"""Commands of a prefect's node to a territory whose process is killed again and again, and its own once: each is carried
out once, answered once, and what it held is gone everywhere.

# [R441-2-15-I-2a] [R441-2-15-I-9] [R441-2-15-I-10] [L441-2-7-1-1c]
"""

import http.client
import json
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from node import TOIT, Refused, Session

COMMANDS = 60
KILLS = 6
TERRITORY = "T200057867"
WITHIN_S = 120
LAST_DAY = "2026-03-02"


class Member:
    """A node of the demonstration, which begins it again when it ends."""

    def __init__(self, folder, password):
        self.folder = folder
        self.password = password
        self.session = None

    @property
    def certificate(self):
        return str(self.folder / "tls" / "certificate.pem")

    @property
    def port(self):
        return int((self.folder / "port").read_text())

    def kill(self):
        pid = int((self.folder / "pid").read_text())
        os.kill(pid, signal.SIGKILL)
        until(lambda: (self.folder / "pid").read_text().strip() != str(pid), "the node is begun again")
        self.session = None

    def ask(self, call):
        """Again until the node is there: each call is made to be repeated."""

        def answered():
            try:
                if self.session is None:
                    self.session = Session(self, "gestionnaire", self.password)
                return [call(self.session)]
            except (OSError, ValueError, http.client.HTTPException):
                self.session = None  # it is gone, or not yet back
            except Refused as refused:
                if refused.code not in ("E_BUSY", "E_NOT_READY", "E_UNKNOWN_OUTCOME", "E_ROLLED_BACK"):
                    raise
            return None

        return until(answered, "the node answers")[0]


def until(is_so, what):
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline:
        if found := is_so():
            return found
        time.sleep(0.02)
    raise AssertionError(f"not in {WITHIN_S} s: {what}")


def metric(member, name):
    told = member.ask(lambda session: session.raw("GET", "/metrics")[2].decode())
    return next((float(line.split()[-1]) for line in told.splitlines() if line.split(" ")[0] == name), 0.0)


def demandes(territory):
    numbers, page = [], "/v1/demandes?status=active&limit=200"
    while page and len(numbers) < COMMANDS:
        found = territory.ask(lambda session: session.get(page, purpose="shared_management"))
        numbers += [one["number"] for one in found["items"] if "dalo_since" not in one]
        page = found.get("next")
    return numbers[:COMMANDS]


def habilitate(territory, service):
    territory.ask(
        lambda s: s.post(
            "/v1/legal-persons",
            {"event": {"legal_person": service, "person_kind": "state_service", "name": "Préfecture fictive"}},
        )
    )
    granted = {"legal_person": service, "quality": "state_mediation_secretariat", "from": "2015-01-01"}
    territory.ask(lambda s: s.post("/v1/habilitations", {"event": {"habilitation": granted}}))


def command(prefect, number, index):
    """The command's entry; the same however often it is asked."""
    body = {"kind": "dalo_recognised", "event": {"decision_number": f"D-{index}", "departement": "93"}}
    path = f"/v1/streams/{TERRITORY}/demandes/{number}/events"
    return prefect.ask(lambda s: s.post(path, body, key=f"decision-{index}"))["first_seq"]


def check(territory, prefect, service, issued):
    executed = set()
    for number, seq in issued.items():
        told = until(
            lambda seq=seq: (told := prefect.ask(lambda s: s.get(f"/v1/commands/{seq}")))["state"] == "recorded" and told,
            f"command {seq} is recorded",
        )
        executed.add(told["executed"])
        path = f"/v1/demandes/{number}"
        timeline = territory.ask(lambda s, p=path: s.get(p, purpose="shared_management"))["timeline"]
        mentions = [entry for entry in timeline if entry["kind"] == "dalo_recognised"]
        assert [m["seq"] for m in mentions] == [told["first_seq"]], (mentions, told)
        assert mentions[0]["originator"] == service, mentions
    assert len(executed) == len(issued), "each command has an answer of its own"


def play(folder, told):
    prefect = Member(folder / "prefecture-93", told["password"])
    territory = Member(folder / "plaine-commune", told["password"])
    service = prefect.ask(lambda s: s.get("/v1/territory"))["territory"]
    # Whatever the machine's day: what one of them records on its own day, the other takes.
    for member in (prefect, territory):
        today = member.ask(lambda s: s.get("/v1/clock"))["today"]
        assert today == LAST_DAY, (member.folder.name, today)
    numbers = demandes(territory)
    assert len(numbers) == COMMANDS, len(numbers)
    habilitate(territory, service)
    issued = {}
    for index, number in enumerate(numbers):
        issued[number] = command(prefect, number, index)
        if index % (COMMANDS // KILLS) == 5:
            territory.kill()
            last_kill = index
        if index == COMMANDS // 2:
            prefect.kill()
            # What the answer of was not heard is asked again, and is the same command.
            assert command(prefect, number, index) == issued[number]
    check(territory, prefect, service, issued)
    settled = lambda: all(  # noqa: E731
        one["state"] == "answered" for one in prefect.ask(lambda s: s.get("/v1/commands?limit=200"))["items"]
    )
    until(settled, "every command is closed")
    # As counted since the territory was last killed.
    executed = metric(territory, "toit_commands_executed_total")
    assert COMMANDS - 1 - last_kill <= executed <= COMMANDS, executed
    until(lambda: metric(territory, "toit_commands_waiting") == 0, "no command waits")
    # Asked once more, a closed command is neither issued nor carried out again.
    number, seq = next(iter(issued.items()))
    assert command(prefect, number, 0) == seq
    check(territory, prefect, service, {number: seq})
    assert metric(territory, "toit_commands_executed_total") == executed


def main():
    with tempfile.TemporaryDirectory(prefix="toit-test-") as scratch:
        folder = Path(scratch) / "demo"
        process = subprocess.Popen(
            [TOIT, "demo", "--json", "--data", folder, "--port", "0", "--one-in", "300", "--until", LAST_DAY],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            play(folder, json.loads(process.stdout.readline()))
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=90) == 0
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            process.stdout.close()
        done = subprocess.run([TOIT, "verify", folder], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    print(f"{COMMANDS} commands, {KILLS} kills of the territory and one of the prefect's node: each carried out once")


main()
