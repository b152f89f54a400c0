"""Heads of the record that another agency holds: read out, recorded, and held against a record that was cut."""
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import events
from clock import clock
from server import CORDON, ROOT, Server, eventually
from test_life import SmallDisk

WATCH = "EX-FIRE/Watch officer"


def some_chat(s, *words):
    a, b = s.phone("A", "anna"), s.phone("B")
    for word in words:
        a.send(events.chat("ANDROID-A", "A", word))
    b.hear(remarks=words[-1])


def seal(s, *words):
    """(seq, hash) as a machine reads it, and all that was printed."""
    text = s.command("seal", *words).stdout
    seq, value = re.search(r"^For a machine (\d+):([0-9a-f]{64})$", text, re.M).groups()
    return int(seq), value, text


def witness(s, head, *more, by=WATCH, ok=True, **env):
    done = subprocess.run([CORDON, "seal", "--witness", head, "--by", by, "--data", s.data, *more],
                          capture_output=True, text=True, timeout=60, env=dict(os.environ, **env))
    assert (done.returncode == 0) == ok, f"{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def without_us(s):
    """The exit status and words of the verifier that has no code of Cordon."""
    done = subprocess.run([sys.executable, os.path.join(ROOT, "tools", "verify-journal"), s.data], capture_output=True,
                          text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def change(s, *statements):
    base = sqlite3.connect(os.path.join(s.data, "journal.db"))
    for statement in statements:
        base.execute(statement)
    base.commit()
    base.close()


def lines(s):
    path = os.path.join(s.data, "witness.txt")
    return open(path, encoding="utf-8").read().splitlines() if os.path.exists(path) else []


def test_a_head_is_read_out_and_witnessed_beside_a_running_server():
    with Server() as s:
        some_chat(s, "one", "two")
        assert "nobody else holds a head" in s.verify()
        svg = os.path.join(s.folder, "head.svg")
        seq, value, text = seal(s, "--by", "EX-POST/Log keeper", "--svg", svg)
        groups = re.findall(r"^   [1-4]   ((?:[0-9a-f]{4} ?){4})$", text, re.M)
        assert " ".join(groups).replace(" ", "") == value, text
        assert "EX-POST/Log keeper" in text and "Countersigned" in text
        drawing = [x for x in text.splitlines() if "\u2588" in x]
        assert len({len(x) for x in drawing}) == 1 and len(drawing) * 2 in (len(drawing[0]), len(drawing[0]) + 1), text
        assert ElementTree.parse(svg).getroot().tag == "{http://www.w3.org/2000/svg}svg"
        witness(s, f"{seq}:{' '.join(groups).upper()}")
        row = s.wait_journal("head.witnessed")
        assert (row["ref"], row["sha256"], row["by"]) == (str(seq), value, WATCH)
        assert f"1 witnesses; the last is row {seq}, held by {WATCH}" in s.verify()
        assert re.fullmatch(rf"\S+Z {seq} {value} - - {WATCH}", lines(s)[0])
        s.wait_log("head.witnessed", f"seq={seq}", WATCH)
        s.restart()
        assert len(s.journal("head.witnessed")) == 1, "taken over once"
        assert "1 witnesses" in s.verify() and without_us(s)[0] == 0


def test_what_does_not_fit_is_refused_and_leaves_nothing():
    with Server() as s:
        some_chat(s, "one")
        seq, value, _ = seal(s)
        wrong = value[:-1] + ("0" if value[-1] != "0" else "1")
        for head, words, by in ((f"{seq}:{wrong}", "another hash than", WATCH), (f"{seq + 999}:{value}", "ends at row", WATCH),
                                (f"{seq}:{value[:-1]}", "64 hex digits", WATCH), (f"{seq}:{value[:-1]}g", "none", WATCH),
                                (value, "a colon", WATCH), (f"{seq}:{value}", "the agency and the person", "nobody"),
                                (f"{seq}:{value}", "the agency and the person", "a/b\nc")):
            assert words in witness(s, head, by=by, ok=False), words
        assert "go together" in witness(s, f"{seq}:{value}", "--key", "00" * 32, ok=False)
        assert "does not fit" in witness(s, f"{seq}:{value}", "--key", "00" * 32, "--signature", "00" * 64, ok=False)
        assert s.command("seal", "--witness", f"{seq}:{value}", ok=False).returncode == 1
        assert not lines(s)


def test_another_cordon_countersigns():
    with Server() as s:
        some_chat(s, "one")
        seq, value, _ = seal(s)
        other = os.path.join(s.folder, "other")
        os.mkdir(other)
        by = "EX-ARMY/Duty officer"
        done = subprocess.run([CORDON, "seal", "--countersign", f"{seq}:{value}", "--by", by, "--data", other],
                              capture_output=True, text=True, check=True)
        signature, key = re.search(r"--signature ([0-9a-f]{128}) --key ([0-9a-f]{64})", done.stdout).groups()
        assert key in open(os.path.join(other, "journal.pub")).read()
        witness(s, f"{seq}:{value}", "--signature", signature, "--key", key, by="EX-ARMY/Somebody else", ok=False)
        witness(s, f"{seq}:{value}", "--signature", signature, "--key", key, by=by)
        s.wait_journal("head.witnessed")
        assert without_us(s)[0] == 0
        path = os.path.join(s.data, "witness.txt")
        text = open(path).read()
        s.stop()
        change(s, "DELETE FROM witnesses")
        open(path, "w").write(text.replace(signature, signature[:-4] + "0000"))
        assert f"the signature of {by}" in s.verify(ok=False)
        assert f"the signature of {by}" in without_us(s)[1]


def test_a_cut_end_and_a_changed_bit_are_named():
    with Server() as s:
        some_chat(s, *[f"line {i}" for i in range(20)])
        seq, value, _ = seal(s)
        witness(s, f"{seq}:{value}")
        s.wait_journal("head.witnessed")
        s.stop()
        s.verify()
        whole = os.path.join(s.folder, "whole")
        shutil.copytree(s.data, whole)

        def again():
            shutil.rmtree(s.data)
            shutil.copytree(whole, s.data)

        # Whoever cuts the end takes along what he knows of: signed heads, the table. The file tells.
        cut = [f"DELETE FROM {table} WHERE seq >= {seq - 3}" for table in ("journal", "keys", "checkpoints")]
        for more in ([], ["DELETE FROM witnesses"]):
            again()
            change(s, *cut, *more)
            said = s.verify(ok=False)
            assert f"BROKEN at row {seq - 3}" in said and WATCH in said and "its end was cut off" in said, said
            status, said = without_us(s)
            assert status == 1 and f"row {seq - 3} is missing: {WATCH} holds row {seq}" in said, said
        s.start()
        s.wait_log("journal.rewritten", f"seq={seq}")
        s.stop()
        # Without the file the table tells.
        again()
        os.remove(os.path.join(s.data, "witness.txt"))
        said = s.verify(ok=False)
        assert WATCH in said and "not in witness.txt" in said, said
        assert without_us(s)[0] == 1
        again()
        change(s, "UPDATE journal SET body = CAST(substr(body, 1, 70) || x'ff' || substr(body, 72) AS BLOB) WHERE seq = 5")
        assert "BROKEN at row 5" in s.verify(ok=False) and "row 5 was changed" in without_us(s)[1]
        again()
        s.start()
        s.verify()


def test_the_command_post_is_warned_until_somebody_holds_the_head():
    with clock() as (turn, env), Server(env=env) as s:
        some_chat(s, "one")
        turn(1000)
        s.wait_log("witness.missing", "seq=0")
        seq, value, _ = seal(s)
        witness(s, f"{seq}:{value}", **env)
        s.wait_log("witness.fresh", f"seq={seq}")
        s.wait_journal("head.witnessed")
        # Nothing but the note of it came after it: time alone warns nobody.
        turn(10000)
        s.wait_log("clock.jumped", "seconds=9")
        assert s.log_text().count("witness.missing") == 1
        some_chat(s, "more")
        s.wait_log("witness.missing", f"seq={seq}")
        newer, value, _ = seal(s)
        witness(s, f"{newer}:{value}", **env)
        s.wait_log("witness.fresh", f"seq={newer}")
        # Somebody holds what this record has not.
        with open(os.path.join(s.data, "witness.txt"), "a", encoding="utf-8") as f:
            f.write(f"2026-02-17T14:12:00.000Z 2 {'0' * 64} - - {WATCH}\n")
        s.wait_log("journal.rewritten", "seq=2")
        eventually("verify names it", lambda: "row 2 has not the hash" in s.command("verify", ok=False).stdout)


def test_a_text_that_was_destroyed_behind_the_record_is_named_and_what_a_cut_left():
    with Server() as s:
        some_chat(s, *[f"line {i}" for i in range(8)])
        erased, taken = (r.seq for r in s.journal("chat.said")[:2])
        s.command("erase", str(erased), "--by", "EX-owner", "--reason", "EX by decision", "--yes")
        s.stop()
        assert "1 erased" in s.verify() and without_us(s)[0] == 0 and "1 erased" in without_us(s)[1]
        whole = os.path.join(s.folder, "whole")
        shutil.copytree(s.data, whole)

        def again(*statements):
            shutil.rmtree(s.data)
            shutil.copytree(whole, s.data)
            change(s, *statements)

        again(f"UPDATE keys SET wrapped = NULL WHERE seq = {taken}")
        assert f"BROKEN at row {taken}: row {taken}: its text was destroyed, and no erasure" in s.verify(ok=False)
        again(f"DELETE FROM keys WHERE seq = {taken}")
        assert f"row {taken} has lost its data key" in s.verify(ok=False)
        assert f"row {taken} has lost its data key" in without_us(s)[1]
        last = s.journal()[-1].seq
        again(*(f"DELETE FROM {table} WHERE seq > {last - 3}" for table in ("journal", "checkpoints")))
        assert f"BROKEN at row {last - 2}: the end was cut off: the key of row {last} is there" in s.verify(ok=False)
        assert f"row {last - 2} is missing: the key of row {last} is there" in without_us(s)[1]
        again("SELECT 1")
        os.remove(os.path.join(s.data, "journal.pub"))
        assert "whose key signed the heads was not checked" in s.verify()
        assert "whose key signed the heads was not checked" in without_us(s)[1]
        os.remove(os.path.join(s.data, "journal.key"))
        assert "in a backup it lies in keys/" in s.command("log", ok=False).stderr


def test_evidence_is_read_where_nothing_can_be_written():
    with SmallDisk(12) as disk, Server(data=os.path.join(disk.path, "data # 1%")) as s:
        some_chat(s, "one", "two")
        s.command("verify")
        s.kill()
        torn = os.path.join(disk.path, "torn")
        shutil.copytree(s.data, torn)
        os.remove(os.path.join(torn, "journal.db-shm"))
        assert os.path.getsize(os.path.join(torn, "journal.db-wal")) > 0
        s.start()
        s.stop()
        subprocess.run(["mount", "-o", "remount,ro", disk.path], check=True)
        assert len(s.journal("chat.said")) == 2 and "the chain holds" in s.verify()
        status, said = without_us(s)
        assert status == 0 and "the chain holds" in said, said
        assert "For a machine" in s.command("seal").stdout
        s.data = torn
        said = s.command("verify", ok=False)
        assert said.returncode == 1 and "copy the whole folder to where it can be written" in said.stderr, said
        status, said = without_us(s)
        assert status == 2 and "copy the folder to where it can be written" in said, said
