#!/usr/bin/env python3
"""The demonstration, smaller, and its tour: one application from the desk to the lease, then again on the same data.

# [R441-2-15-I-0-1] [R441-2-15-I-9]
"""

import json
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from node import TOIT


served = []  # what must be ended, however the test ends


def serve(folder):
    (folder / "port").unlink(missing_ok=True)
    process = subprocess.Popen(
        [TOIT, "demo", "--alone", "--json", "--data", folder, "--port", "0", "--one-in", "1000"], stdout=subprocess.PIPE, text=True
    )
    served.append(process)
    told = json.loads(process.stdout.readline())
    assert told["demandes"] >= 20 and len(told["accounts"]) > 8, told
    return process


def stop(process):
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 0
    process.stdout.close()


def tour(folder):
    done = subprocess.run([TOIT, "tour", "--data", folder], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Bail signé" in done.stdout and "la chaîne est entière" in done.stdout, done.stdout
    return done.stdout


def main():
    with tempfile.TemporaryDirectory(prefix="toit-test-") as scratch:
        folder = Path(scratch) / "demo"
        foreign = Path(scratch) / "foreign"
        foreign.mkdir()
        (foreign / "mine").write_text("not a demonstration")
        refused = subprocess.run([TOIT, "demo", "--alone", "--data", foreign, "--port", "0"], capture_output=True, check=False)
        assert refused.returncode == 1 and (foreign / "mine").exists()

        process = serve(folder)
        print(tour(folder))
        stop(process)
        begun = time.monotonic()
        process = serve(folder)
        again = time.monotonic() - begun
        tour(folder)
        shown = subprocess.run(
            [TOIT, "clock", "show", "--json", "--data", folder], capture_output=True, text=True, check=True
        )
        assert json.loads(shown.stdout)["settable"] is True
        stop(process)
    print(f"the tour was made twice; the second start took {again:.1f} s")


try:
    main()
finally:
    for process in served:
        if process.poll() is None:
            process.kill()
            process.wait()
