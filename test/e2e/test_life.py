"""Start and stop, signals, clocks, disks."""
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

import events

from clock import clock
from page import Page, page_port
from server import Server, Skip, eventually


def test_sigterm_is_clean():
    with Server() as s:
        a, b, v = s.phone("A", "anna"), s.phone("B"), s.phone("V", v1=True)
        for i in range(200):
            a.send(events.marker(f"m{i}"))
        a.ping()
        s.process.send_signal(signal.SIGTERM)
        for phone in (a, b, v):
            phone.wait_closed()
        assert s.process.wait(60) == 0
        s.process = None
        rows = s.journal()
        assert rows[-1].kind == "server.stopped", rows[-1]
        puts = {r["uid"] for r in rows if r.kind == "object.put"}
        assert {e.uid for e in b.heard if e.uid.startswith("m")} <= puts
        s.verify()
        s.start()
        assert {e.uid for e in s.phone().heard if e.uid.startswith("m")} == puts


def test_sigint_too_and_start_without_anything():
    with Server() as s:
        s.process.send_signal(signal.SIGINT)
        assert s.process.wait(60) == 0
        s.process = None
        assert [r.kind for r in s.journal()] == ["server.started", "server.stopped"]


def test_sighup_reloads_config_and_certificates():
    with Server() as s:
        a, b = s.phone("A", "anna"), s.phone("B", "bert")
        for name in ("server.pem", "server.key"):
            os.remove(os.path.join(s.data, "ca", name))
        s.hup()
        s.wait_log("reloaded", "server_certificate=new")
        a.send(events.marker("through"))  # who is there stays
        b.hear(uid="through")
        s.phone("C", "carl")
        with open(os.path.join(s.data, "cordon.conf"), "w") as f:
            f.write("log_level = debugging\nnonsense\n")
        s.hup()
        s.wait_log("config.reload", "nonsense")
        a.send(events.marker("still"))
        b.hear(uid="still")
        os.remove(os.path.join(s.data, "cordon.conf"))


def test_second_server_on_the_same_folder():
    with Server() as s:
        done = subprocess.run([__import__("server").CORDON, "serve", "--data", s.data, "--listen", "127.0.0.1",
                               "--tak-tls", "0", "--tak-tcp", "0", "--web", "1"], capture_output=True, text=True,
                              timeout=60)
        assert done.returncode != 0 and s.data in done.stderr, done.stderr
        s.phone("A")


def test_port_in_use():
    with Server() as s:
        other = Server(start=False)
        with other:
            done = subprocess.run([__import__("server").CORDON, "serve", "--data", other.data, "--listen", "127.0.0.1",
                                   "--tak-tls", str(s.tls_port), "--web", "0"], capture_output=True, text=True,
                                  timeout=60)
            assert done.returncode != 0 and str(s.tls_port) in done.stderr, done.stderr


def test_nothing_is_readable_by_others():
    with Server() as s:
        s.phone("A", "anna")
        for folder, _, names in os.walk(s.data):
            for name in names:
                path = os.path.join(folder, name)
                if name.endswith((".key", ".sign", ".db", ".p12")) or "-wal" in name:
                    assert os.stat(path).st_mode & 0o077 == 0, path


def test_clock_set_back_an_hour():
    with clock() as (turn, env), Server(env=env, emergency_repeat_s=1) as s:
        a, b, v = s.phone("A", "anna"), s.phone("B"), s.phone("V", v1=True)
        for i in range(5):
            a.send(events.chat("ANDROID-A", "A", f"before {i}"))
        b.hear(remarks="before 4")
        a.send(events.emergency("ANDROID-A", "A"))
        b.hear(type="b-a-o-tbl")
        for seconds, word in ((-3600, "-3"), (0, "3")):
            turn(seconds)
            s.wait_log("clock.jumped", f"seconds={word}")
            for i in range(5):
                a.send(events.chat("ANDROID-A", "A", f"{seconds} {i}"), events.track("t", lat=str(i)))
            for phone in (b, v):
                phone.hear(remarks=f"{seconds} 4")
                got = [e.remarks for e in phone.all(type="b-t-f") if e.remarks.startswith(f"{seconds} ")]
                assert got == [f"{seconds} {i}" for i in range(5)]
                phone.hear(lambda e: e.uid == "t" and float(e.point["lat"]) == 4)
                now = len(phone.heard)
                phone.hear(lambda e: e.type == "b-a-o-tbl" and e.index >= now)  # repeats go on
                phone.ping()
        rows = s.journal()
        assert [r.seq for r in rows] == list(range(1, len(rows) + 1))
        texts = [r["text"] for r in rows if r.kind == "chat.said"]
        assert texts == [f"before {i}" for i in range(5)] + [f"-3600 {i}" for i in range(5)] + [
            f"0 {i}" for i in range(5)]
        s.verify()
        turn(-3600)
        s.restart()  # with the clock an hour behind the record
        assert s.phone().heard[0].type == "b-a-o-tbl"
        s.phone("A", "anna").send(events.chat("ANDROID-A", "A", "after all"))
        s.wait_journal("chat.said", lambda r: r["text"] == "after all")
        s.verify()


def test_a_clock_that_is_set_stands_in_each_open_incident():
    port = page_port()
    with clock() as (turn, env), Server(env=env, web=port) as s:
        page = Page(s, port)
        page.open()
        turn(120)
        row = s.wait_journal("clock.skew_noted")
        assert row["incident"] == "EX-1" and "set forward by 120 s" in row["text"], row
        assert "set forward by 120 s" in json.dumps(page.get("/api/incidents/EX-1/events", limit=100)["events"])
        s.verify()


class SmallDisk:
    """A file system of a few MiB, which root may mount."""

    def __init__(self, mib=3):
        if os.geteuid() != 0:
            raise Skip("a small file system needs root")
        self.path = tempfile.mkdtemp(prefix="cordon-disk-")
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m", "cordon-test", self.path],
                              capture_output=True, text=True)
        if done.returncode:
            os.rmdir(self.path)
            raise Skip(f"a small file system cannot be mounted: {done.stderr.strip()}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for _ in range(100):
            if subprocess.run(["umount", self.path], capture_output=True).returncode == 0:
                os.rmdir(self.path)
                return
            time.sleep(0.1)

    def fill(self):
        """Takes the rest, to the last byte."""
        with open(os.path.join(self.path, "filler"), "ab", buffering=0) as f:
            for size in (1 << 16, 4096, 1):
                try:
                    while True:
                        f.write(bytes(size))
                except OSError:
                    pass

    def free(self):
        os.remove(os.path.join(self.path, "filler"))


def test_disk_full():
    with SmallDisk() as disk, Server(data=os.path.join(disk.path, "data"), emergency_repeat_s=2) as s:
        a, b, v = s.phone("A", "anna"), s.phone("B", "bert"), s.phone("V", "vera", v1=True)
        a.send(events.chat("ANDROID-A", "A", "before"))
        b.hear(remarks="before")
        disk.fill()
        n = 0
        while "journal.failing" not in s.log_text():  # what the files had in store is used up
            a.send(events.chat("ANDROID-A", "A", f"fill {n} " + "x" * 2000))
            a.ping()
            n += 1
            time.sleep(0.05)
            disk.fill()
        s.wait_log("journal.failing", "reason=")
        a.send(events.position("ANDROID-A", "A", lat="48.5"), events.track("plane", lat="1.5"))
        for phone in (b, v):  # positions go on
            phone.hear(lambda e: e.uid == "ANDROID-A" and float(e.point["lat"]) == 48.5)
            phone.hear(lambda e: e.uid == "plane")
        a.send(events.chat("ANDROID-A", "A", "waits"), events.marker("waits-too"))
        asked = time.monotonic()
        a.send(events.emergency("ANDROID-A", "A"))
        for phone in (b, v):
            alert = phone.hear(type="b-a-o-tbl")
            assert alert.one("__cordon").get("recorded") == "false", alert.raw
            assert not phone.has(remarks="waits") and not phone.has(uid="waits-too")
        print(f"the emergency took {time.monotonic() - asked:.1f} s")
        s.wait_log("record.late")
        late = s.phone("L", "vera")  # a responder is let in all the same, and hears the emergency
        late.hear(type="b-a-o-tbl")
        before = len(s.journal("emergency.raised"))
        assert before == 0
        heard = {e.remarks for e in b.all(type="b-t-f")}
        disk.free()
        s.wait_log("journal.mended")
        for phone in (b, v):
            phone.hear(remarks="waits")
            phone.hear(uid="waits-too")
        a.send(events.chat("ANDROID-A", "A", "after"))
        b.hear(remarks="after")
        rows = eventually("all is journaled", lambda: (s.wait_journal("event.relayed_before_durable"), s.journal())[1])
        assert len([r for r in rows if r.kind == "emergency.raised"]) == 1
        said = [r["text"] for r in rows if r.kind == "chat.said"]
        assert said == ["before"] + [r for r in said if r.startswith("fill")] + ["waits", "after"]
        assert len([x for x in said if x.startswith("fill")]) == n, "each once"
        assert heard <= set(said)
        late.ping()
        a.send(events.cancel("ANDROID-A", "A"))
        b.hear(type="b-a-o-can")
        s.verify()
        s.restart()
        assert not s.phone().has(type="b-a-o-tbl")
        s.verify()


def test_start_on_a_full_disk():
    with SmallDisk() as disk, Server(data=os.path.join(disk.path, "data")) as s:
        s.phone("A", "anna").send(events.marker("m"))
        s.wait_journal("object.put")
        s.stop()
        disk.fill()
        s.start(wait=False)  # either it says why not, or it runs and says so
        eventually("it runs or ends", lambda: s.process.poll() is not None or any(
            x.startswith("ready") for x in s.lines))
        if s.process.poll() is None:
            s.wait_log("journal.failing")
            disk.free()
            s.wait_log("journal.mended")
        else:
            s.process = None
            assert "the disk is full" in s.log_text(), s.log_text()
            disk.free()
            s.start()
        assert s.phone().has(uid="m")
        s.verify()


def test_stopped_process_goes_on():
    """The machine slept: the phones' lines stand, what came meanwhile is taken in order."""
    with Server() as s:
        a, b = s.phone("A"), s.phone("B")
        s.pause()
        for i in range(50):
            a.send(events.chat("ANDROID-A", "A", f"n{i}"), events.track("t", lat=str(i)))
        s.resume()
        b.hear(remarks="n49")
        assert [e.remarks for e in b.all(type="b-t-f")] == [f"n{i}" for i in range(50)]
        b.hear(lambda e: e.uid == "t" and e.point["lat"] == "49")


def test_flipped_bit_is_found():
    with Server() as s:
        a = s.phone("A", "anna")
        for i in range(30):
            a.send(events.chat("ANDROID-A", "A", f"text number {i}"))
        s.wait_journal("chat.said", lambda r: r["text"] == "text number 29")
        a.close()
        s.stop()
        s.verify()
        import sqlite3
        base = sqlite3.connect(os.path.join(s.data, "journal.db"))
        tables = {n: [c[1] for c in base.execute(f"pragma table_info({n})")] for (n,) in base.execute(
            "select name from sqlite_master where type='table'")}
        table = next(n for n, columns in tables.items() if "seq" in columns and any(
            c in columns for c in ("body", "stored", "payload", "bytes", "row")))
        column = next(c for c in tables[table] if c in ("body", "stored", "payload", "bytes", "row"))
        (stored,) = base.execute(f"select {column} from {table} where seq = 12").fetchone()
        changed = bytes(stored[:-1]) + bytes([stored[-1] ^ 1])
        base.execute(f"update {table} set {column} = ? where seq = 12", (changed,))
        base.commit()
        base.close()
        assert "row 12" in s.verify(ok=False)
