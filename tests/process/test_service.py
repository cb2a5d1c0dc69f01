#!/usr/bin/env python3
"""How a node begins and ends: configuration, keys, lock, signals, codes of exit.

# [R441-2-15-V-2-5]
"""

import json
import os
import subprocess
import time

from node import PASSWORD, TOIT, Node, Refused, Session, assigned, form


def expect_refused(code, work):
    try:
        work()
    except Refused as refused:
        assert refused.code == code, f"{refused.code} instead of {code}"
        return refused
    raise AssertionError(f"{code} was expected, and nothing was refused")


def configuration(node):
    """What is wrong is said, all of it, with its line; nothing begins."""
    good = node.config.read_text()
    node.run("node", "run", "--config", node.config, "--check-config")
    for wrong, words in (
        (good.replace("port = 0", "port = 70000"), "http.port"),
        (good.replace("port = 0", 'port = "0"'), "http.port"),
        (good.replace("allots_numbers", "allots_number"), "territory.allots_number"),
        (good.replace('siren = "200057867"', 'siren = "200057868"'), "territory.siren"),
        (good.replace('purpose = "demonstration"', 'purpose = "essai"'), "purpose"),
        (good.replace('purpose = "demonstration"', 'purpose = "production"'), "clock.begins"),
        (good + "\n[data\n", "TOML"),
        ("x" * 100_000, "grand"),
        ("", "territory.siren"),
    ):
        other = node.path / "wrong.toml"
        other.write_text(wrong)
        told = node.run("node", "run", "--config", other, "--check-config", expect=1)
        assert words in told, f"{words} is not in {told}"
        assert "Traceback" not in told and "terminate" not in told
    node.run("node", "run", "--config", node.path / "none.toml", expect=1)
    node.run("node", "run", expect=2)
    node.run("nod", expect=2)


def keys(node):
    """Keys that others can read are refused; a file of keys is never replaced."""
    file = node.path / "node.keys"
    assert file.stat().st_mode & 0o077 == 0
    node.run("keys", "create", file, expect=1)
    os.chmod(file, 0o640)
    told = node.run("node", "run", "--config", node.config, expect=1)
    assert "600" in told
    os.chmod(file, 0o600)


def purposes(node):
    """Data of a demonstration never serve another purpose."""
    other = node.path / "training.toml"
    other.write_text(node.config.read_text().replace('"demonstration"', '"training"'))
    node.run("node", "run", "--config", other, expect=3)


def lock(node):
    """Two nodes never write one journal."""
    node.start()
    told = node.run("node", "run", "--config", node.config, expect=1)
    assert "autre processus" in told
    node.run("account", "create", "--config", node.config, "--login", "x", text=PASSWORD, expect=1)


def steering(node):
    """A demonstration's clock goes forwards, and the days between take effect in order."""
    admin = node.administrator()
    node.add_body(admin, "guichet", 90100000, "commune", [{"quality": "service_enregistreur", "registers_as": "e"}])
    desk = Session(node, "guichet")
    receipt = desk.post("/v1/demandes", {"event": {"channel": "desk", "identity_document_seen": True, "form": form()}})
    number = assigned(receipt, "number")
    today = admin.get("/v1/clock")["today"]
    assert today == "2024-01-08", today
    admin.put("/v1/clock", {"event": {"now": "2024-11-20T08:00:00.000Z"}})
    expect_refused("E_BAD_DATE", lambda: admin.put("/v1/clock", {"event": {"now": "2024-02-01T08:00:00.000Z"}}))
    admin.event(number, "renewal_notice_sent", {"channels": ["post"]})
    admin.put("/v1/clock", {"event": {"now": "2025-03-01T08:00:00.000Z"}})
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        clock = admin.get("/v1/clock")
        if clock["day_done"] and clock["day_kept"] == "2025-03-01":
            break
        time.sleep(0.02)
    view = desk.get(f"/v1/demandes/{number}", purpose="shared_management")
    radiated = [line for line in view["timeline"] if line["kind"] == "radiated"]
    assert len(radiated) == 1, [line["kind"] for line in view["timeline"]]
    return number


def restart(node, number):
    """An ordered stop answers what was begun; a restart goes on where the clock stood."""
    node.stop()
    node.verify()
    node.start()
    assert Session(node, "gestionnaire").get("/v1/clock")["today"] == "2025-03-01"
    Session(node, "guichet").get(f"/v1/demandes/{number}", purpose="shared_management")


def command_line():
    def run(*arguments):
        return subprocess.run([TOIT, *arguments], capture_output=True, text=True, check=False, timeout=60)

    found = run("territory", "--json", "Plaine", "Commune")
    assert found.returncode == 0 and json.loads(found.stdout.splitlines()[0])
    assert run("territory", "zzzz").returncode == 1
    told = run("law", "R441-2-15-I-9")
    assert told.returncode == 0 and "check_originator" in told.stdout
    assert run("law", "R999").returncode == 1
    assert run("verify", "/nowhere").returncode == 1
    assert run("--help").returncode == 0
    assert run().returncode == 2


def for_machines(node):
    """What is done once on a host says it in JSON too, refusals included."""
    told = node.run("keys", "create", node.path / "other.keys", "--json")
    assert json.loads(told)["created"] == str(node.path / "other.keys")
    assert "refused" in json.loads(node.run("keys", "create", node.path / "other.keys", "--json", expect=1))
    account = ("account", "create", "--config", node.config, "--login", "x", "--json")
    assert "refused" in json.loads(node.run(*account, text=PASSWORD + "\n", expect=1))
    assert "refused" in json.loads(node.run(*account, text="court\n", expect=2))
    assert "fault" in json.loads(node.run("node", "run", "--json", "--config", node.path / "none.toml", expect=1))


def main():
    command_line()
    node = Node()
    try:
        configuration(node)
        keys(node)
        for_machines(node)
        lock(node)
        number = steering(node)
        restart(node, number)
        node.stop()
        purposes(node)
    finally:
        if node.process:
            node.kill()
        node.folder.cleanup()
    print("a node begins, is steered, stops and begins again as it should")


main()
