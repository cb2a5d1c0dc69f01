#!/usr/bin/env python3
"""Six nodes of Seine-Saint-Denis as processes of their own: what is witnessed, what a killed node misses and takes up
again, a stream rewritten at its source, a dossier and an evidence proved by who has no node; again in the same run, where the alarms of the visit
before stand, and after a kill of them all.

# [L441-2-7-1-1a] [L441-2-7-4-1] [R441-2-15-I-9]
"""

import json
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from node import TOIT

served = []  # what must be ended, however the test ends


def serve(folder):
    process = subprocess.Popen(
        [TOIT, "demo", "--json", "--data", folder, "--port", "0", "--one-in", "1000"], stdout=subprocess.PIPE, text=True
    )
    served.append(process)
    told = json.loads(process.stdout.readline())
    assert [node["stream"][0] for node in told["nodes"]] == ["S", "S", "T", "T", "T", "T"], told
    return process


def stop(process):
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=90) == 0
    process.stdout.close()


def run(*arguments):
    done = subprocess.run([TOIT, *arguments], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


STEPS = (
    "bail signé",
    "écriture attestée",
    "mention de l'État",
    "lien coupé puis rétabli",
    "nœud tué puis relancé",
    "flux réécrit à la source",
    "dossier de preuve",
    "calendrier passé",
    "dossier arrêté",
    "arrêté",
    "reprise",
    "ancien nœud",
    "retour",
    "adhésion",
    "sortie",
    "bailleur qui refuse",
    "dossier prouvé",
)


def tour(folder):
    told = run("tour", "--data", folder)
    assert "Bail signé" in told, told  # the timeline's own title
    for step in STEPS:
        assert f". {step} :" in told, (step, told)
    return told


def verify(folder):
    """Of every node: the epochs of what has passed, each with the entry that has opened it; all copies are one."""
    told = [json.loads(line) for line in run("verify", "--json", folder).splitlines()]
    for stream in ("T200057875", "T200058790"):
        copies = [line["epochs"] for line in told if line.get("stream") == stream]
        assert len(copies) == 3, (stream, told)
        for epochs in copies:
            # Two with each visit: there and back.
            assert [one["epoch"] for one in epochs] == [1, 2, 3, 4, 5, 6], (stream, epochs)
            assert all(one["order"] == "opened" and one["ordered_by"] == "SR11" for one in epochs), (stream, epochs)
    together = {line["together"]: line for line in told if "together" in line}
    assert {"SR11", "SD93", "T200057867", "T200057875", "T200058790", "T200058097"} <= together.keys(), together
    assert all(one["one_history"] for one in together.values()), together
    assert all(line["order"] != "not_here" for one in told for line in one.get("epochs", [])), told


def prove(folder, files):
    """Dossiers of two stopped nodes, and the signers that the directory states."""
    first, region = folder / "plaine-commune", folder / "prefecture-region"
    shown = [json.loads(line) for line in run("verify", "--json", folder / "preuve/dossier.preuve").splitlines()]
    of_tour = shown[-1]
    made = (
        (first, "dossier", ["--dossier", of_tour["dossier"], "--stream", of_tour["stream"]]),
        (region, "prefet", ["--territory", "200057875", "--stream", "SR11"]),
        (region, "territoire", ["--territory", "200057875", "--stream", "T200057875"]),
    )
    for node, name, which in made:
        out = files / f"{name}.preuve"
        run("journal", "proof", "--data", node, "--keys", node / "node.keys", "--out", out, *which)
    anchor = json.loads(run("keys", "show", "--json", folder / "anchor.keys"))["signing_key"]
    directory = json.loads(run("directory", "show", "--json", folder / "directory.toit", "--anchor", anchor))
    signers = []
    for node in directory["nodes"]:
        # The regional node has hosted that territory for an epoch, and signed what it holds of it.
        hosted = ["T200057875"] if "SR11" in node["streams"] else []
        for stream in [*node["streams"], *hosted]:
            signers += [f"--signer={stream}:{key['key']}" for key in node["signing_keys"]]
    return signers


def verify_proofs(files, signers):
    """Nothing is there but the files and the keys."""
    told = [json.loads(line) for line in run("verify", "--json", files / "dossier.preuve", *signers).splitlines()]
    assert told[-1]["accepted"] and told[-1]["vouched"] and told[-1]["entries"] > 1, told[-1]
    assert any(mark["witness"] == "SR11" for entry in told[:-1] for mark in entry["witnesses"]), told

    filed = [files / "prefet.preuve", f"--cited={files / 'territoire.preuve'}", *signers]
    told = [json.loads(line) for line in run("verify", "--json", *filed).splitlines()]
    evidence = [line for line in told if "evidence" in line]
    assert evidence and all(one["whole"] and not one["wrong"] for one in evidence), evidence
    assert evidence[-1]["proved"] >= 3 and evidence[-1]["elsewhere"] == 0, evidence[-1]
    assert any(one["carences"] for one in evidence), evidence
    alone = [json.loads(line) for line in run("verify", "--json", filed[0], *signers).splitlines()]
    last = [line for line in alone if "evidence" in line][-1]
    assert last["elsewhere"] > 0, "the refusal is in the territory's own journal"

    for name in ("dossier", "prefet"):
        content = bytearray((files / f"{name}.preuve").read_bytes())
        content[-10] ^= 1
        (files / "altered.preuve").write_bytes(content)
        # With every key: what is altered may be a mark, which is not looked at without its witness's.
        given = ["verify", files / "altered.preuve", *signers]
        altered = subprocess.run([TOIT, *given], capture_output=True, text=True, check=False)
        assert altered.returncode == 3, altered.stdout + altered.stderr


def kill_everybody(folder, process):
    """Nobody is asked anything: the nodes first, then whoever would begin them again."""
    os.kill(process.pid, signal.SIGSTOP)
    for pid in folder.glob("*/pid"):
        os.kill(int(pid.read_text()), signal.SIGKILL)
    process.kill()
    process.wait()
    process.stdout.close()


def main():
    with tempfile.TemporaryDirectory(prefix="toit-test-") as scratch:
        folder = Path(scratch) / "demo"
        process = serve(folder)
        print(tour(folder))
        tour(folder)
        kill_everybody(folder, process)
        process = serve(folder)
        tour(folder)
        stop(process)
        verify(folder)
        files = Path(scratch) / "files"
        files.mkdir()
        signers = prove(folder, files)
        shutil.rmtree(folder)
        verify_proofs(files, signers)
    print("the tour was made three times, with a kill of every node before the last")


try:
    main()
finally:
    for process in served:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
