"""A text is erased, beside a running server and without one: nothing answers with it any more, the chain holds."""
import json
import uuid

from page import Page, Refused, page_port
from server import Server, eventually

WORD = "EX-word-to-be-erased"


def told(page, sock=None):
    """Everything that the server says of the incident and the record."""
    paths = ("/api/events?limit=1000", "/api/incidents/EX-1/state", "/api/incidents/EX-1/events?limit=1000",
             "/api/incidents/EX-1/views/findings", "/api/incidents/EX-1/views/alarms", "/api/incidents/EX-1/past",
             "/api/incidents/EX-1/state?seq=%d" % page.state()["seq"])
    return b"".join(page.ask("GET", path)[1] for path in paths).decode()


def erase(page, seq, reason="EX by decision"):
    return page.post(f"/api/events/{seq}/erase", id=str(uuid.uuid4()), reason=reason)


def scene(s, port):
    page = Page(s, port)
    page.open()
    page.say("command.assumed", scope="incident", commanders=[page.name])
    seqs = [page.say("task.created", task=f"t{i}", owner="logistics", text=f"{WORD}-{i}")["seq"] for i in range(3)]
    page.say("task.done", task="t1", note="EX done")
    return page, seqs


def test_a_text_is_erased_beside_everything_else():
    port = page_port()
    with Server(web=port) as s:
        page, seqs = scene(s, port)
        sock = page.socket()
        sock.until(lambda m: m["type"] == "incident" and WORD in json.dumps(m))
        assert f"{WORD}-1" in told(page)
        done = erase(page, seqs[1])
        row = next(r for r in s.journal("key.shredded") if r.seq == done["seq"])
        assert row["subject"] == f"event {seqs[1]}" and row["by"] == page.name and row["reason"] == "EX by decision", row.list
        text = told(page)
        assert f"{WORD}-1" not in text and f"{WORD}-0" in text and f"{WORD}-2" in text
        fresh = sock.until(lambda m: m["type"] == "incident" and m["whole"] and m["seq"] >= done["seq"])
        assert f"{WORD}-1" not in json.dumps(fresh) and f"{WORD}-2" in json.dumps(fresh)
        state = page.state()["hash"]
        assert erase(page, seqs[2])["seq"] > done["seq"]
        refusals = [(seqs[1], 409, "gone already"), (done["seq"], 409, "that stays"), (1 << 40, 404, "no entry"),
                    (s.journal("incident.opened")[0].seq, 409, "correct")]
        for seq, status, why in refusals:
            try:
                erase(page, seq)
            except Refused as e:
                assert e.status == status and why in e.detail, (seq, e.status, e.detail)
            else:
                raise AssertionError(f"{seq} was erased")
        # Another id is another wish; the same one twice is one.
        page.say("task.created", task="t9", owner="x", text="EX goes on")
        hashed, said = page.state()["hash"], s.command("verify").stdout
        assert "2 erased" in said and hashed != state, said
        s.restart()
        page = Page(s, port)
        assert page.state()["hash"] == hashed, "what is live is what the rows make"
        assert f"{WORD}-1" not in told(page) and f"{WORD}-0" in told(page)
        s.verify()


def test_cordon_erase_with_and_without_a_server():
    port = page_port()
    with Server(web=port) as s:
        page, seqs = scene(s, port)
        s.command("operator", "EX-plan", "--roles", "planning")
        words = ["--reason", "EX by decision", "--yes"]
        assert "commander" in s.command("erase", str(seqs[0]), "--by", "EX-plan", *words, ok=False).stderr
        assert "gone" in s.command("erase", str(seqs[0]), "--by", "EX owner", *words).stdout
        assert f"{WORD}-0" not in told(page) and f"{WORD}-1" in told(page)
        assert "gone already" in s.command("erase", str(seqs[0]), "--by", "EX owner", *words, ok=False).stderr
        s.stop()
        assert "gone" in s.command("erase", str(seqs[1]), "--by", "EX owner", *words).stdout
        assert "that stays" in s.command("erase", str(s.journal("key.shredded")[0].seq), "--by", "EX owner", *words, ok=False).stderr
        assert len(s.journal("key.shredded")) == 2 and "2 erased" in s.command("verify").stdout
        s.start()
        page = Page(s, port)
        text = told(page)
        assert f"{WORD}-0" not in text and f"{WORD}-1" not in text and f"{WORD}-2" in text
        s.verify()


def test_what_phones_said_is_erased_too_but_not_under_everybodys_eyes():
    port = page_port()
    with Server(web=port) as s:
        page, _ = scene(s, port)
        a, b = s.phone("EX-A", s.client("ex-a")), s.phone("EX-B", s.client("ex-b"))
        page.post("/api/chat", id=str(uuid.uuid4()), to="all", text=WORD + "-chat")
        b.hear(lambda e: WORD in (e.remarks or ""))
        seq = next(r.seq for r in s.journal("chat.said") if WORD in r["text"])
        erase(page, seq)
        assert f"{WORD}-chat" not in told(page)
        assert WORD + "-chat" not in json.dumps([r.list for r in s.journal()])
        late = s.phone("EX-C", s.client("ex-c"))
        page.post("/api/chat", id=str(uuid.uuid4()), to="all", text="EX marker")
        late.hear(lambda e: "EX marker" in (e.remarks or ""))
        assert not late.has(lambda e: WORD in (e.remarks or ""))
        s.verify()
