#!/usr/bin/env python3
"""A hundred times, the node is killed at an instant drawn by chance while at least 64 commands are in flight; what it
had acknowledged is there after each restart, and no command is half there.

# [R441-2-15-I-9] [R441-2-15-V-2-5]
"""

import os
import random
import sys
import time

import crowd
from node import Node, Session

KILLS = int(os.environ.get("KILLS", "100"))
FRESH_EVERY = 20  # kills after which the clients take new demandes, so that what is read after each stays short


def put_aside(ledger, numbers):
    """Receipts of other demandes than these: they have been read after their own run, and are read again at the end."""
    aside = {n: s for n, s in ledger.receipts.items() if n not in numbers}
    ledger.receipts = {n: s for n, s in ledger.receipts.items() if n in numbers}
    return aside


def main():
    seed = int(os.environ.get("SEED", random.SystemRandom().randrange(1 << 30)))
    random.seed(seed)
    print(f"seed {seed}")
    ledger = crowd.Ledger()
    aside = {}
    repeated, unanswered = 0, []
    with Node() as node:
        token = crowd.open_desk(node)
        session = Session(node)
        session.token = token
        for kill in range(KILLS):
            if kill % FRESH_EVERY == 0:
                numbers = crowd.register(session, ledger)
                aside |= put_aside(ledger, numbers)
            clients = crowd.begin(node, token, ledger, numbers)
            time.sleep(random.uniform(0, 0.1))
            ledger.when_crowded(node.send_kill, more_answers=random.randrange(1, 80))
            node.bury()
            crowd.wait_for(clients)
            # Whatever the node had answered by then has been read: the others were really on their way.
            unanswered.append(len(ledger.unanswered))
            assert unanswered[-1] >= crowd.IN_FLIGHT_LEAST, unanswered[-1]
            node.start()
            session = Session(node)
            session.token = token
            repeated += crowd.check_after_restart(session, ledger)
            aside |= put_aside(ledger, numbers)
        ledger.receipts |= aside
        crowd.check_receipts(session, ledger)
        crowd.check_merges(session, ledger)
        # A registration that was asked for twice and done twice would be one more.
        there = crowd.count_demandes(session)
        assert there == len(ledger.receipts), f"{there} demandes, {len(ledger.receipts)} were registered"
        session.close()
        node.stop()
        node.verify()
    print(
        f"{KILLS} kills with at least {min(unanswered)} commands in flight, {ledger.answered} receipts there, "
        f"{len(ledger.merges)} merges whole, {repeated} commands repeated"
    )


if __name__ == "__main__":
    try:
        main()
    except AssertionError as wrong:
        print(f"FAILED: {wrong}")
        sys.exit(1)
