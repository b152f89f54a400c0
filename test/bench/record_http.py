#!/usr/bin/env python3
"""Commands of an incident that are acknowledged in a second over HTTPS: 64 writers, each with a connection of its own.

    test/bench/record_http.py [--seconds N] [--writers N]        CORDON names the binary (build/cordon)

Every acknowledgement means durable, and is looked for in the record afterwards. The writers are processes of
their own and share the machine with the server: what the server alone can do is higher. Beside it stands
record_bench, which decides, journals and applies the same without HTTP. The last line is one JSON object.
"""
import argparse
import http.client
import json
import multiprocessing
import os
import sys
import threading
import time
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
sys.dont_write_bytecode = True
from page import Page, page_port, trust  # noqa: E402
from server import Server  # noqa: E402

PROCESSES = 4
PATH = "/api/incidents/EX-1/commands"
TEXT = ("EX: heard shots from the second floor, north side; two of ours are behind the wall at the gate, one needs an "
        "ambulance; asked for a second team and for the road to be kept clear.")


def write(port, head, until, done, took):
    """One writer: the next command when the one before is acknowledged."""
    link = http.client.HTTPSConnection("127.0.0.1", port, context=trust(), timeout=60)
    while time.monotonic() < until:
        ticket = str(uuid.uuid4())
        body = json.dumps({"id": ticket, "kind": "decision.reasoned",
                           "fields": {"decision": "EX-D", "rationale": TEXT}})
        began = time.monotonic()
        link.request("POST", PATH, body, head)
        reply = link.getresponse()
        answer = json.loads(reply.read())
        if reply.status != 200:
            raise SystemExit(f"record_http: {reply.status} {answer}")
        took.append(time.monotonic() - began)
        done.append(answer["seq"])
    link.close()


def write_many(port, head, writers, until, answers):
    done, took = [], []
    threads = [threading.Thread(target=write, args=(port, head, until, done, took)) for _ in range(writers)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    answers.put((done, took))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--writers", type=int, default=64)
    asked = parser.parse_args()
    port = page_port()
    with Server(web=port) as s:
        page = Page(s, port)
        page.open()
        page.say("command.assumed", scope="incident", commanders=[page.name])
        page.say("decision.taken", decision="EX-D", text="search", role="commander")
        head = {"Content-Type": "application/json", "X-Cordon-CSRF": page.csrf, "Cookie": page.cookie,
                "Host": f"127.0.0.1:{port}"}
        answers, began = multiprocessing.Queue(), time.monotonic()
        many = [multiprocessing.Process(target=write_many, args=(port, head, asked.writers // PROCESSES,
                                                                 began + asked.seconds, answers))
                for _ in range(PROCESSES)]
        for p in many:
            p.start()
        parts = [answers.get() for _ in many]
        for p in many:
            p.join()
        seconds = time.monotonic() - began
        done = [seq for part in parts for seq in part[0]]
        took = sorted(t for part in parts for t in part[1])
        kept = {r.seq for r in s.journal("decision.reasoned")}
        if len(done) != len(set(done)) or not set(done) <= kept:
            raise SystemExit("record_http: an acknowledged command is not in the record")
        s.verify()
    rate, half, p99 = len(done) / seconds, took[len(took) // 2] * 1e3, took[len(took) * 99 // 100] * 1e3
    print(f"record-http  {asked.writers} writers: {rate:7.0f} commands/s acknowledged; half within {half:.1f} ms, "
          f"99 of 100 within {p99:.1f} ms; {len(done)} all in the record")
    print(json.dumps({"record_http": {"writers": asked.writers, "per_s": round(rate), "p50_ms": round(half, 2),
                                      "p99_ms": round(p99, 2), "acknowledged": len(done)}}))


if __name__ == "__main__":
    main()
