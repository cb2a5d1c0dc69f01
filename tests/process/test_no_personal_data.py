#!/usr/bin/env python3
"""Nothing that names a person reaches a log, a metric or a refusal, whatever is asked, well or badly.

# [L441-2-7-1-1c] [R441-2-15-V-2-5]
"""

import json
import random

from node import PASSWORD, Node, Refused, Session, assigned, form

SECRETS = ("Zyxwombat", "Quokkafeld", "wombat@exemple.invalid", "0612345678", "7 impasse Zorglub", PASSWORD)


def person():
    told = form(SECRETS[0])
    told["identity"]["birth_name"] = SECRETS[1]
    told["contact"] = {"address": SECRETS[4], "email": SECRETS[2], "phone": SECRETS[3]}
    return told


def check(text, where, more=()):
    for secret in (*SECRETS, *more):
        assert secret not in text, f"{secret} is in {where}"


def main():
    with Node() as node:
        admin = node.administrator()
        node.add_body(admin, "guichet", 90100000, "commune", [{"quality": "service_enregistreur", "registers_as": "e"}])
        desk = Session(node, "guichet")
        body = {"event": {"channel": "desk", "identity_document_seen": True, "form": person()}}
        number = assigned(desk.post("/v1/demandes", body), "number")
        desk.get(f"/v1/demandes/{number}", purpose="shared_management")
        change = {"path": "contact.email", "old_value": SECRETS[3], "new_value": SECRETS[0]}
        problems = []

        def refused(work):
            try:
                work()
            except Refused as refusal:
                problems.append(json.dumps(refusal.problem, ensure_ascii=False))
                return
            raise AssertionError("a refusal was expected")

        refused(lambda: desk.event(number, "demande_changed", {"changes": [change]}))
        refused(lambda: desk.get(f"/v1/demandes/{number}"))
        refused(lambda: desk.post("/v1/login", {"login": SECRETS[0], "password": SECRETS[1]}, key=None))
        text = json.dumps(body)
        random.seed(2)
        for _ in range(60):
            cut = random.randrange(len(text))
            broken = (text[:cut] + random.choice(["", "\x00", '"', "}", "é" * 300]) + text[cut + 1 :]).encode()
            try:
                desk.send("POST", "/v1/demandes", broken)
            except Refused as refusal:
                problems.append(json.dumps(refusal.problem, ensure_ascii=False))
        assert len(problems) > 20
        for problem in problems:
            check(problem, f"a refusal: {problem}")
        metrics = Session(node).raw("GET", "/metrics")[2].decode()
        check(metrics, "the metrics", (number,))
        token = desk.token
        node.stop()
        check(node.log.read_text(), "the log", (number, token))
        for file in node.data.rglob("*"):
            if file.is_file():
                content = file.read_bytes()
                for secret in SECRETS:
                    assert secret.encode() not in content, f"{secret} is in clear in {file.name}"
    print(f"no personal data in {len(problems)} refusals, the log, the metrics and the files")


main()
