#!/usr/bin/env python3
"""Six nodes of Seine-Saint-Denis as processes of their own: what is witnessed, what a killed node misses and takes up
again, a stream rewritten at its source, a dossier proved offline; again in the same run, where the alarms of the visit
before stand, and after a kill of them all.

# [L441-2-7-1-1a] [R441-2-15-I-9]
"""

import json
import os
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
)


def tour(folder):
    told = run("tour", "--data", folder)
    assert "Bail signé" in told, told  # the timeline's own title
    for step in STEPS:
        assert f". {step} :" in told, (step, told)
    return told


def verify(folder):
    """Of every node: the epochs of what has passed, each with the entry that has opened it."""
    told = run("verify", folder)
    assert "NON CONFRONTÉE" not in told, told
    for stream in ("T200057875", "T200058790"):
        first = [after for line, after in zip(told.splitlines(), told.splitlines()[1:]) if line.startswith(stream)]
        assert len(first) == 3, (stream, told)
        assert all("époque 1 " in line and ": ouverte par SR11, " in line for line in first), (stream, told)


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
