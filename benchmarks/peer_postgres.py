"""PostgreSQL as a peer: an insert and an upsert a transaction, each commit on disk, by pgbench on a private instance."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

START_LIMIT_S = 60
STOP_LIMIT_S = 30

SCHEMA = """
create table ev(seq bigserial primary key, nud text, kind int, at timestamptz default now(), origin text,
                payload bytea, hash bytea);
create table demande(nud text primary key, n int, last timestamptz);
"""

TRANSACTION = r"""
\set n random(1,1000000)
begin;
insert into ev(nud,kind,origin,payload,hash) values('0750126'||:n||'12345',3,'200057867',
  decode(repeat('ab',{payload_bytes}),'hex'),decode(repeat('cd',32),'hex'));
insert into demande values('0750126'||:n||'12345',1,now())
  on conflict(nud) do update set n=demande.n+1,last=now();
commit;
"""


def find_programs():
    """The folder of the newest server's programs, or None."""
    found = [p.parent for p in Path("/usr/lib/postgresql").glob("*/bin/initdb") if (p.parent / "pgbench").exists()]
    return max(found, key=lambda p: int(re.sub(r"\D", "", p.parent.name) or 0), default=None)


class PrivateInstance:
    """A server in a folder of its own, on a Unix socket alone, as long as the `with` lasts. Never as root."""

    def __init__(self, programs, folder):
        self.programs = programs
        self.folder = Path(tempfile.mkdtemp(prefix="postgres-", dir=folder))
        self.user = "postgres" if os.geteuid() == 0 else None
        self.server = None

    def __enter__(self):
        try:
            if self.user:
                shutil.chown(self.folder, self.user)
            self._as_user([self.programs / "initdb", "-D", self.folder / "data", "-A", "trust", "-U", "bench"])
            with open(self.folder / "log", "wb") as log:
                self.server = subprocess.Popen(
                    [self.programs / "postgres", "-D", self.folder / "data", "-k", self.folder,
                     "-c", "listen_addresses="],
                    stdout=log, stderr=log, **self._identity())
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.server and self.server.poll() is None:
            self.server.send_signal(signal.SIGINT)  # a fast stop
            try:
                self.server.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                self.server.kill()
                self.server.wait()
        shutil.rmtree(self.folder)

    def _identity(self):
        return {"user": self.user, "group": self.user, "extra_groups": [], "cwd": self.folder} if self.user else {}

    def _as_user(self, command):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **self._identity())

    def _wait(self):
        deadline = time.monotonic() + START_LIMIT_S
        ready = [self.programs / "pg_isready", "-q", "-h", self.folder, "-U", "bench", "-d", "postgres"]
        while subprocess.run(ready, check=False).returncode != 0:
            if self.server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("PostgreSQL does not start")
            time.sleep(0.1)

    def run_sql(self, sql):
        subprocess.run([self.programs / "psql", "-q", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-U", "bench", "-c",
                        sql, "postgres"], check=True)

    def transactions_per_second(self, script, clients, seconds):
        done = subprocess.run(
            [self.programs / "pgbench", "-h", self.folder, "-U", "bench", "-n", "-M", "prepared", "-f", script,
             "-c", str(clients), "-j", "2", "-T", str(seconds), "postgres"],
            check=True, capture_output=True, text=True)
        return float(re.search(r"^tps = ([0-9.]+)", done.stdout, re.M)[1])


def events_per_second(folder, payload_bytes, clients, runs, seconds):
    """Transactions a second of each run, by number of clients. None where PostgreSQL is not installed."""
    programs = find_programs()
    if not programs:
        return None
    with PrivateInstance(programs, folder) as instance:
        instance.run_sql(SCHEMA)
        script = instance.folder / "transaction.sql"
        script.write_text(TRANSACTION.format(payload_bytes=payload_bytes).replace(",\n  decode", ",decode")
                          .replace("\n  on conflict", " on conflict"))
        found = {n: [] for n in clients}
        for _ in range(runs):
            for n in clients:
                found[n].append(instance.transactions_per_second(script, n, seconds))
        return found
