#!/usr/bin/env python3
"""A TCP connection between two real processes, and what can befall it. Standard library only.

    with FaultProxy("127.0.0.1", port) as proxy:   # whoever connects to proxy.port reaches the target
        proxy.cut()                                # and now nobody does
        proxy.heal()

A program in another language drives it by lines, each answered by one line:

    tests/process/fault_proxy.py HOST PORT         prints "port N", then reads: cut, heal, delay 0.2, half_open,
                                                   duplicate [PIECES], alter [PIECES], drop BYTES, slow BYTES_A_S,
                                                   counters
    tests/process/fault_proxy.py --selftest
"""

import asyncio
import json
import os
import random
import socket
import sys
import threading
import time
from dataclasses import asdict, dataclass

READ_BYTES = 1 << 16
PIECES_IN_FLIGHT = 64  # a direction: beyond, the sender's own kernel holds him up
STARTED_WITHIN_S = 30


@dataclass
class Counters:
    accepted: int = 0
    refused: int = 0  # accepted and hung up on at once: cut, or the target does not answer
    cut: int = 0  # connections ended by a fault
    to_target: int = 0  # bytes passed on
    from_target: int = 0
    withheld: int = 0  # bytes of half-open connections
    duplicated: int = 0  # pieces
    altered: int = 0
    dropped: int = 0  # bytes


class Connection:
    """One client and the target: two directions, each in order."""

    def __init__(self, proxy, client, target):
        self.proxy = proxy
        self.touched = False
        self.transports = [client[1].transport, target[1].transport]
        ways = ((client[0], target[1], "to_target"), (target[0], client[1], "from_target"))
        self.tasks = [asyncio.ensure_future(self.carry(*way)) for way in ways]

    async def carry(self, source, sink, counter):
        pieces = asyncio.Queue(PIECES_IN_FLIGHT)
        reading = asyncio.ensure_future(self.read(source, pieces))
        try:
            await self.write(pieces, sink, counter)
        finally:
            reading.cancel()

    async def read(self, source, pieces):
        try:
            while data := await source.read(READ_BYTES):
                await pieces.put((time.monotonic() + self.proxy.delay_s, data))
        except ConnectionError:
            pass  # an end like any other
        await pieces.put((0, b""))

    async def write(self, pieces, sink, counter):
        while True:
            due, data = await pieces.get()
            if not data:
                return
            await asyncio.sleep(max(0, due - time.monotonic()))
            for part in self.proxy.spoil(self, data):
                sink.write(part)
                await sink.drain()
                self.proxy.add(counter, len(part))
                if self.proxy.bytes_a_s:
                    await asyncio.sleep(len(part) / self.proxy.bytes_a_s)

    async def live(self):
        """Until one direction ends: then both have."""
        try:
            done, _ = await asyncio.wait(self.tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                if not task.cancelled() and not isinstance(task.exception(), (ConnectionError, type(None))):
                    raise task.exception()
        finally:
            self.end()

    def end(self):
        for task in self.tasks:
            task.cancel()
        for transport in self.transports:
            transport.abort()


class FaultProxy:
    """Listens on loopback as soon as it is made. Its methods may be called from any thread."""

    def __init__(self, target_host, target_port, seed=None):
        self.target = (target_host, target_port)
        self.chance = random.Random(seed)
        self.counters = Counters()
        self.is_cut = self.is_half_open = False
        self.delay_s = self.bytes_a_s = 0.0
        self.left = {"duplicate": 0, "alter": 0, "drop": 0}
        self.connections = set()
        self.loop = asyncio.new_event_loop()
        listening = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = listening.getsockname()[1]
        if (target_host, target_port) == ("127.0.0.1", self.port):
            raise RuntimeError("the proxy would be its own target")
        started = threading.Event()
        self.thread = threading.Thread(target=self.run, args=(listening, started), daemon=True)
        self.thread.start()
        if not started.wait(STARTED_WITHIN_S):
            raise RuntimeError("the proxy does not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # -- faults, from any thread; each is in force when the call returns ----------------------------------------------

    def cut(self):
        """Connections end, new ones are hung up on."""

        def now():
            self.is_cut = True
            self.end_all(lambda connection: True)

        self.do(now)

    def heal(self):
        """Nothing befalls anybody any more. Connections that a fault has touched end: what they carried has gaps."""

        def now():
            self.is_cut = self.is_half_open = False
            self.delay_s = self.bytes_a_s = 0.0
            self.left = dict.fromkeys(self.left, 0)
            self.end_all(lambda connection: connection.touched)

        self.do(now)

    def delay(self, seconds):
        """Every piece waits so long from now on, either way; order is kept."""
        self.do(lambda: setattr(self, "delay_s", float(seconds)))

    def slow(self, bytes_a_second):
        """No more than so many bytes a second pass from now on, each way of each connection; order is kept."""
        self.do(lambda: setattr(self, "bytes_a_s", float(bytes_a_second)))

    def half_open(self):
        """Connections are accepted and kept, and nothing passes, either way."""
        self.do(lambda: setattr(self, "is_half_open", True))

    def duplicate(self, pieces=1):
        """The next pieces, of either direction, pass twice."""
        self.do(lambda: self.left.update(duplicate=int(pieces)))

    def alter(self, pieces=1):
        """One bit of each of the next pieces, of either direction, is another."""
        self.do(lambda: self.left.update(alter=int(pieces)))

    def drop_bytes(self, count):
        """The next bytes, of either direction, do not pass."""
        self.do(lambda: self.left.update(drop=int(count)))

    def close(self):
        if self.thread.is_alive():
            self.loop.call_soon_threadsafe(self.stopped.set)
            self.thread.join()

    def read_counters(self):
        return self.do(lambda: Counters(**asdict(self.counters)))

    # -- its own thread -----------------------------------------------------------------------------------------------

    def run(self, listening, started):
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self.serve(listening, started))
        self.loop.close()

    async def serve(self, listening, started):
        self.stopped = asyncio.Event()
        server = await asyncio.start_server(self.accept, sock=listening)
        started.set()
        await self.stopped.wait()
        server.close()
        self.end_all(lambda connection: True)
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def accept(self, reader, writer):
        self.counters.accepted += 1
        try:
            if self.is_cut:
                raise ConnectionAbortedError
            target = await asyncio.open_connection(*self.target)
        except OSError:
            self.counters.refused += 1
            writer.transport.abort()
            return
        connection = Connection(self, (reader, writer), target)
        self.connections.add(connection)
        try:
            if self.is_cut:  # meanwhile
                connection.end()
            await connection.live()
        except asyncio.CancelledError:
            pass  # the proxy stops: nobody asks how this ended
        finally:
            self.connections.discard(connection)

    def do(self, change):
        """In the proxy's thread, and waits for it."""
        if not self.thread.is_alive():
            return change()

        async def there():
            return change()

        return asyncio.run_coroutine_threadsafe(there(), self.loop).result(STARTED_WITHIN_S)

    def end_all(self, which):
        for connection in [c for c in self.connections if which(c)]:
            self.counters.cut += 1
            connection.end()

    def add(self, counter, amount):
        setattr(self.counters, counter, getattr(self.counters, counter) + amount)

    def take(self, fault, amount):
        taken = min(self.left[fault], amount)
        self.left[fault] -= taken
        return taken

    def spoil(self, connection, data):
        """What passes instead of a piece."""
        if self.is_half_open:
            connection.touched = True
            self.counters.withheld += len(data)
            return []
        if dropped := self.take("drop", len(data)):
            connection.touched = True
            self.counters.dropped += dropped
            data = data[dropped:]
        if data and self.take("alter", 1):
            connection.touched = True
            self.counters.altered += 1
            data = bytearray(data)
            data[self.chance.randrange(len(data))] ^= 1 << self.chance.randrange(8)
        if data and self.take("duplicate", 1):
            connection.touched = True
            self.counters.duplicated += 1
            return [bytes(data), bytes(data)]
        return [bytes(data)] if data else []


# -- driven by lines --------------------------------------------------------------------------------------------------


def obey(proxy, line):
    word, *values = line.split()
    if word == "drop":
        word = "drop_bytes"
    if word == "counters":
        return json.dumps(asdict(proxy.read_counters()))
    if word not in ("cut", "heal", "delay", "slow", "half_open", "duplicate", "alter", "drop_bytes"):
        return "unknown"
    getattr(proxy, word)(*map(float, values))
    return "done"


def serve_lines(host, port):
    with FaultProxy(host, int(port)) as proxy:
        print(f"port {proxy.port}", flush=True)
        for line in sys.stdin:
            print(obey(proxy, line), flush=True)


# -- its own test -----------------------------------------------------------------------------------------------------

SELFTEST_LIMIT_S = 120
SOCKET_LIMIT_S = 30
QUESTION = b"is there anybody?"


class Echo:
    """Says again what it is told, on every connection."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            connection, _ = self.socket.accept()
            threading.Thread(target=self.answer, args=(connection,), daemon=True).start()

    @staticmethod
    def answer(connection):
        try:
            while data := connection.recv(READ_BYTES):
                connection.sendall(data)
        except OSError:
            connection.close()


def connect(proxy):
    client = socket.create_connection(("127.0.0.1", proxy.port), timeout=SOCKET_LIMIT_S)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client


def hear(client, count):
    got = b""
    while len(got) < count and (data := client.recv(count - len(got))):
        got += data
    return got


def asked(client, said):
    client.sendall(said)
    return hear(client, len(said))


def is_hung_up(client):
    """The other side ends before anything is said."""
    try:
        return client.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def is_silent(client, seconds):
    client.settimeout(seconds)
    try:
        client.recv(1)
        return False
    except TimeoutError:
        return True
    finally:
        client.settimeout(SOCKET_LIMIT_S)


def wait_until(condition):
    """A loaded machine may take its time."""
    until = time.monotonic() + SOCKET_LIMIT_S
    while not condition() and time.monotonic() < until:
        time.sleep(0.001)


def check_passing(proxy):
    client = connect(proxy)
    large = random.Random(1).randbytes(3 << 20)
    sender = threading.Thread(target=client.sendall, args=(large,))
    sender.start()
    assert hear(client, len(large)) == large, "bytes pass as they are"
    sender.join()
    client.close()


def check_cut(proxy):
    client = connect(proxy)
    assert asked(client, b"before") == b"before"
    proxy.cut()
    assert is_hung_up(client), "a cut ends what is there"
    assert is_hung_up(connect(proxy)), "and what comes"
    proxy.heal()
    assert asked(connect(proxy), b"after") == b"after"


def check_delay(proxy):
    client = connect(proxy)
    assert asked(client, b"soon") == b"soon"
    proxy.delay(0.2)
    begun = time.monotonic()
    client.sendall(b"one")
    client.sendall(b"two")
    assert hear(client, 6) == b"onetwo"
    assert time.monotonic() - begun >= 0.4, "each way takes its time"
    proxy.heal()
    assert asked(client, b"still there") == b"still there", "a delay damages nothing"


def check_slow(proxy):
    client = connect(proxy)
    assert asked(client, b"fast") == b"fast"
    proxy.slow(100_000)
    begun = time.monotonic()
    assert asked(client, bytes(20_000)) == bytes(20_000)
    assert asked(client, b"next") == b"next"
    assert time.monotonic() - begun >= 0.2, "the bytes take their time"
    proxy.heal()
    assert asked(client, b"still there") == b"still there", "slowness damages nothing"


def check_half_open(proxy):
    old = connect(proxy)
    assert asked(old, b"before") == b"before"
    proxy.half_open()
    new = connect(proxy)
    for client in (old, new):
        client.sendall(QUESTION)
    wait_until(lambda: proxy.read_counters().withheld == 2 * len(QUESTION))
    assert is_silent(old, 0.2) and is_silent(new, 0.2), "nothing passes"
    proxy.heal()
    assert is_hung_up(old) and is_hung_up(new), "what has gaps ends"
    assert asked(connect(proxy), b"after") == b"after"


def check_damage(proxy):
    client = connect(proxy)
    proxy.duplicate()
    client.sendall(b"twice")
    assert hear(client, 10) == b"twicetwice"
    proxy.heal()
    client = connect(proxy)
    proxy.alter()
    heard = asked(client, b"\0" * 100)
    assert sum(byte.bit_count() for byte in heard) == 1, "one bit is another"
    proxy.heal()
    client = connect(proxy)
    proxy.drop_bytes(3)
    client.sendall(b"abcdef")
    assert hear(client, 3) == b"def"
    assert asked(client, b"whole") == b"whole"
    proxy.heal()
    assert is_hung_up(client)


def check_nobody_there():
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with FaultProxy("127.0.0.1", port) as proxy:
        assert is_hung_up(connect(proxy))
        assert proxy.read_counters().refused == 1


def selftest():
    late = threading.Timer(SELFTEST_LIMIT_S, lambda: (print("fault proxy: takes too long", flush=True), os._exit(1)))
    late.daemon = True
    late.start()
    try:
        with FaultProxy("127.0.0.1", Echo().port, seed=1) as proxy:
            for check in (check_passing, check_cut, check_delay, check_slow, check_half_open, check_damage):
                check(proxy)
            counted = proxy.read_counters()
        check_nobody_there()
        assert counted.accepted == 12 and counted.refused == 1, counted
        assert counted.duplicated == 1 and counted.altered == 1 and counted.dropped == 3, counted
        assert counted.withheld == 2 * len(QUESTION), counted
    except AssertionError as failed:
        print(f"fault proxy: {failed or 'an answer is not that which was said'}")
        return 1
    print(f"fault proxy: every fault does what it says, over {counted.accepted} connections")
    return 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--selftest"]:
        sys.exit(selftest())
    serve_lines(*sys.argv[1:])
