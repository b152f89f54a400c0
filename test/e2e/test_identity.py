"""A sealed identity: two people open it together, and who tried is on record."""
import uuid

from page import Page, Refused, page_port
from server import Server

PHRASES = {"EX-officer": "EX first phrase", "EX-liaison": "EX second phrase"}


def ask(page, act, phrases, **more):
    holders = [{"name": name, "passphrase": phrase} for name, phrase in phrases.items()]
    return page.post(f"/api/identities/EX-T1/{act}", id=str(uuid.uuid4()), incident="EX-1", holders=holders, **more)


def test_who_tried_to_open_it_is_on_record_and_the_text_is_not():
    port = page_port()
    with Server(web=port) as s:
        Page(s, port).open()
        said = s.command("operator", "EX-officer", "--roles", "casualty-officer").stdout
        s.command("operator", "EX-liaison", "--roles", "family-liaison")
        page = Page(s, port, "EX-officer", said.split()[-1])
        page.say("casualty.reported", casualty="EX-T1", category="public")
        ask(page, "seal", PHRASES, text="EX Jane Doe")
        swapped = dict(zip(PHRASES, reversed(PHRASES.values())))
        for phrases in (PHRASES | {"EX-liaison": "EX another phrase"}, swapped):
            try:
                ask(page, "open", phrases, reason="EX inquiry")
            except Refused as why:
                assert why.status == 403, why
            else:
                raise AssertionError("it was opened")
        tried = [r for r in s.journal("event.refused") if r["uid"] == "EX-T1"]
        assert len(tried) == 2 and all(r["by"] == "EX-officer" and "127.0.0.1" in r["address"] for r in tried)
        assert tried[0].many("claimant") == list(PHRASES) and "phrases do not open it" in tried[0]["reason"]
        assert ask(page, "open", PHRASES, reason="EX inquiry")["text"] == "EX Jane Doe"
        assert len(s.journal("casualty.identity_opened")) == 1
        printed = s.command("log", "--json").stdout + s.command("export", "--by", "EX-inquiry").stdout
        assert "Jane" not in printed and "phrase\"" not in printed and "EX first" not in printed
