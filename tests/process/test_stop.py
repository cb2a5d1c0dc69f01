#!/usr/bin/env python3
"""SIGTERM in the middle of a crowd: whatever was acknowledged is there, the process ends in time and in order.

# [R441-2-15-I-9]
"""

import random
import signal
import time

import crowd
from node import Node, Session

STOPS = 5
STOP_WITHIN_S = 10
RESERVE_S = 5  # after which the node ends its own process


def main():
    seed = random.SystemRandom().randrange(1 << 30)
    random.seed(seed)
    print(f"seed {seed}")
    ledger = crowd.Ledger()
    slowest_s, answered = 0.0, []
    with Node(extra=f"[stop]\nwithin_seconds = {STOP_WITHIN_S}\n") as node:
        token = crowd.open_desk(node)
        session = Session(node)
        session.token = token
        numbers = crowd.register(session, ledger)
        repeated = 0
        for _ in range(STOPS):
            clients = crowd.begin(node, token, ledger, numbers)
            flying = ledger.when_crowded(lambda: node.process.send_signal(signal.SIGTERM), more_answers=random.randrange(1, 40))
            begun = time.monotonic()
            code = node.process.wait(timeout=STOP_WITHIN_S + RESERVE_S + 5)
            slowest_s = max(slowest_s, time.monotonic() - begun)
            assert code == 0, f"an ordered stop ended with {code}: {node.log.read_text()[-2000:]}"
            assert slowest_s < STOP_WITHIN_S + RESERVE_S, slowest_s
            node.process.stdout.close()
            crowd.wait_for(clients)
            cut = flying & {key for *_, key in ledger.unanswered}
            answered.append(1 - len(cut) / len(flying))
            node.verify()
            node.start()
            session = Session(node)
            session.token = token
            repeated += crowd.check_after_restart(session, ledger)
        crowd.check_merges(session, ledger)
    print(
        f"{STOPS} stops of at most {slowest_s:.1f} s, at least {min(answered):.0%} of what was in flight answered, "
        f"{ledger.answered} receipts there, {repeated} commands repeated"
    )


main()
