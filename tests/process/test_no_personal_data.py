#!/usr/bin/env python3
"""Nothing that names a person, and no key or token, reaches a log, a metric or a refusal, whatever is asked, well or badly.

# [L441-2-7-1-1c] [R441-2-15-V-2-5]
"""

import base64
import json
import random

from node import PASSWORD, Node, Refused, Session, assigned, file_document, form

SECRETS = ("Zyxwombat", "Quokkafeld", "wombat@exemple.invalid", "0612345678", "7 impasse Zorglub", PASSWORD)


def person():
    told = form(SECRETS[0])
    told["identity"]["birth_name"] = SECRETS[1]
    told["contact"] = {"address": SECRETS[4], "email": SECRETS[2], "phone": SECRETS[3]}
    return told


def check(text, where, more=()):
    for secret in (*SECRETS, *more):
        assert secret not in text, f"{secret} is in {where}"


def key_texts(node):
    """The node's secret keys as anybody might write them down, whole or cut after eight bytes."""
    lines = (node.path / "node.keys").read_text().splitlines()
    keys = [bytes.fromhex(line.split(" = ")[1]) for line in lines]
    assert len(keys) == 2 and all(len(key) == 32 for key in keys)
    return [
        text
        for key in keys
        for text in (key[:8].hex(), key[:8].hex().upper(), base64.b64encode(key)[:10].decode(), str(list(key[:8]))[1:-1])
    ]


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
        token = desk.post("/v1/tokens", {"label": "essai"})["secret"]
        by_token = Session(node)
        by_token.token = token
        filed = file_document(by_token, number, {"event": {"type": "tax_notice"}}, SECRETS[4].encode())
        document = assigned(filed, "document")
        shown = by_token.raw(
            "GET", f"/v1/demandes/{number}/documents/{document}", headers={"Toit-Purpose": "shared_management"}
        )
        assert shown[0] == 200 and shown[2] == SECRETS[4].encode(), shown[:2]
        refused(lambda: file_document(by_token, number, {"event": {"type": SECRETS[1]}}, SECRETS[4].encode()))
        refused(lambda: by_token.get(f"/v1/demandes/{number}/documents/{SECRETS[0]}", purpose="shared_management"))
        refused(lambda: admin.post("/v1/accounts", {"event": {}, "account": {"login": SECRETS[2], "password": PASSWORD}}))
        refused(lambda: desk.get(f"/v1/demandes?name={SECRETS[1]}", purpose="shared_management"))
        impostor = Session(node)
        impostor.token = token[:-4] + "AAAA"
        refused(lambda: impostor.get("/v1/session"))
        keys = key_texts(node)
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
        hidden = (number, token, impostor.token, desk.token, admin.token, *keys)
        for problem in problems:
            check(problem, f"a refusal: {problem}", hidden)
        metrics = Session(node).raw("GET", "/metrics")[2].decode()
        check(metrics, "the metrics", (document, *hidden))
        node.stop()
        check(node.log.read_text(), "the log", (document, *hidden))
        for file in node.data.rglob("*"):
            if file.is_file():
                content = file.read_bytes()
                for secret in (*SECRETS, token, desk.token, *keys):
                    assert secret.encode() not in content, f"{secret} is in clear in {file.name}"
    print(f"no personal data in {len(problems)} refusals, the log, the metrics and the files")


main()
