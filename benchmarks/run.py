#!/usr/bin/env python3
"""Runs the programs that measure, and the peers, and prints one line a figure. Use ./bench, which builds first."""

import argparse
import math
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

sys.dont_write_bytecode = True
import peer_postgres  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = ROOT / "build/bench/benchmarks"
LIMIT_S = 3600
FULL_DOSSIERS = 783_000  # of Île-de-France


@dataclass
class Sizes:
    runs: int
    record_dossiers: int
    record_commands: int
    replay_dossiers: int
    peer_seconds: int
    link_entries: int
    link_seconds: int
    takeover_dossiers: tuple


FULL = Sizes(5, 20_000, 100_000, FULL_DOSSIERS, 4, 100_000, 10, (1_000, 10_000, 100_000, FULL_DOSSIERS))
QUICK = Sizes(3, 10_000, 20_000, 50_000, 2, 20_000, 5, (1_000, 10_000))
TAKEOVER_DOSSIERS = 100_000

MANY_STREAMS = 40
# X-Road's message log, release 7: a time-stamp, from which on a record is evidence, every 60 s unless configured to be
# rarer (central server, timeStampingIntervalSeconds; UG-SYSPAR and UG-SS chapter 11).
XROAD_TIMESTAMP_S = 60


class Breakage(Exception):
    pass


def run_program(name, *arguments):
    """What a program measured: a list of values by name."""
    done = subprocess.run([PROGRAMS / name, *map(str, arguments)], stdout=subprocess.PIPE, text=True, timeout=LIMIT_S,
                          check=False)
    if done.returncode != 0:
        raise Breakage(f"{name} ends with {done.returncode}")
    lines = (line.split() for line in done.stdout.splitlines())
    return {words[0]: [float(word) for word in words[1:]] for words in lines if words}


def digits(value):
    """Four significant digits, never in powers of ten."""
    if value == 0:
        return "0"
    return f"{value:.{max(0, 3 - math.floor(math.log10(abs(value))))}f}"


@dataclass
class Target:
    """`of` is what is compared: the ratio to the peer, or the value itself where there is none."""

    limit: float
    at_most: bool = False

    def met(self, of):
        return of <= self.limit if self.at_most else of >= self.limit


def tell(name, values, unit, target=None, peer=None, peer_values=None):
    """`peer_values` is None where the peer is not installed."""
    value = statistics.median(values)
    spread = (max(values) - min(values)) / value if value else 0
    words = {"name": name, "value": digits(value), "unit": unit, "peer": peer or "-", "peer_value": "-", "ratio": "-"}
    compared = value
    if peer and peer_values:
        peer_value = statistics.median(peer_values)
        compared = value / peer_value
        words |= {"peer_value": digits(peer_value), "ratio": digits(compared)}
    words |= {"target": f"{target.limit:g}" if target else "-", "runs": len(values), "spread": f"{spread:.2f}"}
    if peer and not peer_values:
        words["status"] = "no_peer"
    else:
        words["status"] = "ok" if not target or target.met(compared) else "short"
    print("bench", " ".join(f"{key}={value}" for key, value in words.items()), flush=True)


def run_postgres(folder, found, sizes, peers_needed):
    """Values by number of clients, with the payload that was measured here; None where it is not installed."""
    payload = round(statistics.median(found["payload_bytes"]))
    postgres = peer_postgres.events_per_second(folder, payload, (1, 8, 32, 64), sizes.runs, sizes.peer_seconds)
    if postgres is None and peers_needed:
        raise Breakage("PostgreSQL is not installed")
    return postgres


def best_of(postgres):
    return max(postgres.values(), key=statistics.median) if postgres else None


def record(folder, sizes, wanted, peers_needed):
    """Durable events: saturated beside PostgreSQL and bare SQLite, then one write at a time beside fsync."""
    found = run_program("bench_record", folder / "record", sizes.record_dossiers, sizes.runs, sizes.record_commands)
    postgres = None
    if any(name.startswith("record.saturated") for name in wanted):
        postgres = run_postgres(folder, found, sizes, peers_needed)
    best = best_of(postgres)
    if "record.saturated" in wanted:
        tell("record.saturated", found["saturated"], "events/s", Target(10), "postgresql", best)
        tell("record.saturated", found["saturated"], "events/s", Target(0.4), "sqlite", found["bare_sqlite"])
    if "record.saturated_8" in wanted:
        tell("record.saturated_8", found["saturated_8"], "events/s", Target(1.5), "postgresql",
             postgres[8] if postgres else None)
    if "record.alone" in wanted:
        fsync = milliseconds(found["fsync"])
        tell("record.alone", milliseconds(found["alone_p99"]), "ms", Target(10, at_most=True), "fsync", fsync)
        tell("record.alone.p50", milliseconds(found["alone_p50"]), "ms", None, "fsync", fsync)
        tell("record.alone.max", milliseconds(found["alone_max"]), "ms", None, "fsync", fsync)


def record_many(folder, sizes, _wanted, peers_needed):
    """The same, saturated, on a node that hosts many territories, each with a stream of its own."""
    found = run_program("bench_record", folder / "record", sizes.record_dossiers, sizes.runs, sizes.record_commands,
                        MANY_STREAMS)
    postgres = run_postgres(folder, found, sizes, peers_needed)
    tell(RECORD_MANY, found["saturated"], "events/s", Target(10), "postgresql", best_of(postgres))
    tell(RECORD_MANY, found["saturated"], "events/s", Target(0.4), "sqlite", found["bare_sqlite"])


RECORD_MANY = f"record.saturated_{MANY_STREAMS}_streams"


def link_catchup(folder, sizes, _wanted, _peers_needed):
    """A State node that holds nothing gets a stream of batches of one, beside bare CURVE messages of the same size."""
    found = run_program("bench_link", folder / "link", sizes.link_entries, 0, sizes.runs)
    tell("link.catchup", found["catchup"], "entries/s", Target(50_000))
    tell("link.catchup", found["catchup"], "entries/s", None, "curve", found["curve"])


def link_lag(folder, sizes, _wanted, _peers_needed):
    """From the receipt of an entry until the territory knows that each State node has it."""
    found = run_program("bench_link", folder / "link", 0, sizes.link_seconds, sizes.runs)
    round_trip = milliseconds(found["curve_round_trip"])
    p99 = milliseconds(found["lag_p99"])
    tell("link.lag", p99, "ms", Target(50, at_most=True))
    tell("link.lag", p99, "ms", None, "x-road_timestamp", [1000 * XROAD_TIMESTAMP_S])
    tell("link.lag", p99, "ms", None, "curve", round_trip)
    tell("link.lag.p50", milliseconds(found["lag_p50"]), "ms", None, "curve", round_trip)
    tell("link.lag.max", milliseconds(found["lag_max"]), "ms", None, "curve", round_trip)


def milliseconds(seconds):
    return [1000 * s for s in seconds]


def replay(folder, sizes, _wanted, _peers_needed):
    """A restart: folding the journal, and from snapshots. Fewer dossiers have as much less time."""
    place = folder / "replay"
    run_program("bench_replay", "make", place, sizes.replay_dossiers)
    ready = [run_program("bench_replay", "ready", place) for _ in range(sizes.runs)]
    fold = [run_program("bench_replay", "fold", place)["fold"][0] for _ in range(sizes.runs)]
    tell("replay.fold", fold, "entries/s", Target(500_000))
    limit_s = 5 * sizes.replay_dossiers / FULL_DOSSIERS
    tell(f"replay.ready_{sizes.replay_dossiers}", [r["ready"][0] for r in ready], "s", Target(limit_s, at_most=True))
    tell("replay.memory", [r["bytes"][0] for r in ready], "bytes/dossier", Target(700, at_most=True))


def takeover(folder, sizes, _wanted, _peers_needed):
    """From the entry that opens the epoch to the first receipt of the new host, beside a bare reading of the rows."""
    for dossiers in sizes.takeover_dossiers:
        found = run_program("bench_takeover", folder / f"takeover-{dossiers}", dossiers, sizes.runs)
        target = Target(1, at_most=True) if dossiers <= TAKEOVER_DOSSIERS else None
        name = f"takeover.{dossiers}_dossiers"
        tell(name, found["takeover"], "s", target)
        tell(name, found["takeover"], "s", None, "bare_scan", found["bare_scan"])
        tell(f"{name}.entries", found["entries"], "entries")


def demonstration(folder, sizes, _wanted, _peers_needed):
    """From the start of `toit demo`, with its whole population to enter, until it says where to look."""
    taken = []
    for run in range(sizes.runs):
        begun = time.monotonic()
        node = subprocess.Popen([ROOT / "build/bench/toit", "demo", "--data", folder / str(run), "--port", "0", "--json"],
                                stdout=subprocess.PIPE, text=True)
        limit = threading.Timer(LIMIT_S, node.kill)
        limit.start()
        try:
            if not node.stdout.readline().startswith("{"):
                raise Breakage("the demonstration does not begin")
            taken.append(time.monotonic() - begun)
        finally:
            limit.cancel()
            node.terminate()
            ended = node.wait(timeout=60)
        if ended != 0:
            raise Breakage(f"the demonstration ends with {ended}")
    tell("demo.ready", taken, "s", Target(60, at_most=True))


GROUPS = (
    (("record.saturated", "record.saturated_8", "record.alone"), record),
    ((RECORD_MANY,), record_many),
    (("link.catchup",), link_catchup),
    (("link.lag",), link_lag),
    (("replay",), replay),
    (("takeover",), takeover),
    (("demo.ready",), demonstration),
)


def read_arguments():
    parser = argparse.ArgumentParser(prog="./bench", description="One line a figure; see docs/bench.md.")
    parser.add_argument("--quick", action="store_true", help="smaller sizes, three runs")
    parser.add_argument("--peers", action="store_true", help="a peer that cannot be run is a breakage")
    parser.add_argument("--folder", default="/var/tmp", help="where data is written, on a disk")
    parser.add_argument("names", nargs="*", metavar="NAME", help="figures, or the beginning of their names")
    arguments = parser.parse_args()
    known = [name for names, _ in GROUPS for name in names]
    for name in arguments.names:
        if not any(k.startswith(name) for k in known):
            parser.error(f"no figure is named {name}: there are {', '.join(known)}")
    return arguments


def selected(names, asked):
    """A figure's whole name asks for it alone, the beginning of some names for all of them."""
    known = {name for group, _ in GROUPS for name in group}
    return [n for n in names if not asked or n in asked or any(n.startswith(a) for a in asked if a not in known)]


def main():
    arguments = read_arguments()
    # An end from outside unwinds like any other: peers stop, folders go.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sizes = QUICK if arguments.quick else FULL
    broken = False
    for names, measure in GROUPS:
        wanted = selected(names, arguments.names)
        if not wanted:
            continue
        try:
            with tempfile.TemporaryDirectory(prefix="toit-bench-", dir=arguments.folder) as scratch:
                folder = Path(scratch)
                folder.chmod(0o755)  # a peer's own user passes through
                measure(folder, sizes, wanted, arguments.peers)
        except (Breakage, OSError, RuntimeError, subprocess.SubprocessError) as failure:
            print(f"./bench: {measure.__name__}: {failure}", file=sys.stderr)
            broken = True
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
