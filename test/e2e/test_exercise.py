"""The reference evening as `cordon exercise` plays it: what the board says at its two moments, folders, kill -9."""
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading

from server import CORDON, PATIENCE, Server, eventually, free_ports

AT_22_45, TWO_DAYS_LATER = "2023-02-17T22:45:00+05:00", "2023-02-19T10:00:00+05:00"


class Exercise:
    """A run in a folder of its own, on free ports."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="cordon-exercise-")
        self.data = os.path.join(self.folder, "data")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, *options, data=None):
        tls, tcp, web = free_ports(3)
        return subprocess.Popen([CORDON, "exercise", "--data", data or self.data, "--listen", "127.0.0.1", "--tak-tls",
                                 str(tls), "--tak-tcp", str(tcp), "--web", str(web), "--enrol", "0", *options],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def play(self, *options):
        """To its end; what it said."""
        run = self.start("--once", *options)
        text, _ = run.communicate(timeout=4 * PATIENCE)
        assert run.returncode == 0, text[-3000:]
        return text

    def command(self, *words):
        done = subprocess.run([CORDON, *words, "--data", self.data], capture_output=True, text=True, timeout=PATIENCE)
        assert done.returncode == 0, f"{words}: {done.stderr}"
        return done.stdout

    def view(self, name, at):
        return json.loads(self.command("state", "--view", name, "--at", at))

    def reports(self):
        """The claim behind an event, by its number."""
        return {row["seq"]: row["fields"].get("report") or row["fields"].get("threat") or row["fields"].get("scope")
                for row in map(json.loads, self.command("export", "--by", "EX inquiry").splitlines())}

    def findings(self, at):
        """Rule and what it rests on, for WARN and above."""
        names = self.reports()
        return sorted((f["rule"], tuple(sorted(names[seq] for seq in f["events"])))
                      for f in self.view("findings", at)["findings"] if f["severity"] != "INFO" and not f["resolved"])


def claims(counter, word):
    return sorted(c["report"] for c in counter["claims"] if c["is"] == word and c.get("lo") is not None)


THREATS = ("threat.open", tuple(sorted(("C8", "C9a", "C9b", "C10b", "T1", "T2", "T3"))))


def test_the_board_at_both_moments():
    with Exercise() as x:
        said = x.play("--speed", "6000")
        assert re.search(r"exercise: \d+ events, 1 refused as they should be, 0 not as the script says", said), said[-500:]
        counters = x.view("counters", AT_22_45)["counters"]
        killed, injured, attackers = counters["killed"], counters["injured"], counters["attackers"]
        assert (killed["lo"], killed["hi"], killed["sources"], killed["values"], killed["confirmed"]) == (4, 5, 3, 2, 0)
        assert claims(killed, "used") == ["C17bk", "C18k", "C19k"]
        assert claims(killed, "superseded") == ["C17ak"] and claims(killed, "overtaken") == ["C16k"]
        assert (injured["lo"], injured["hi"], injured["sources"], injured["values"]) == (14, 19, 3, 3)
        assert claims(injured, "superseded") == ["C17ai"] and claims(injured, "overtaken") == ["C16i"]
        assert (attackers["lo"], attackers["hi"], attackers["sources"], attackers["accounted"]) == (3, None, 5, 3)
        assert x.findings(AT_22_45) == sorted([
            ("count.killed", ("C17bk", "C18k", "C19k")), ("count.injured", ("C17bi", "C18i", "C19i")),
            ("category.killed", ("C19k", "S5")), THREATS, ("command.conflict", ("C21a", "incident")),
            ("place.conflict", ("C13", "T1"))])
        counters = x.view("counters", TWO_DAYS_LATER)["counters"]
        killed, injured = counters["killed"], counters["injured"]
        assert (killed["lo"], killed["hi"], killed["agreed"], killed["confirmed"]) == (5, 5, True, 1), killed
        assert claims(killed, "used") == ["C20bk"]
        assert claims(killed, "overtaken") == ["C16k", "C17bk", "C18k", "C19k", "C20ak"]
        assert (injured["lo"], injured["hi"], injured["sources"]) == (17, 18, 2)
        assert x.findings(TWO_DAYS_LATER) == sorted([
            ("count.injured", ("C17bi", "C20ai")), THREATS, ("command.conflict", ("C21a", "C21b", "incident")),
            ("place.conflict", ("C11", "C12", "C13", "T1")), ("duration.strained", ("C3", "S13d", "S13e")),
            ("time.conflict", ("C1", "C2")), ("time.conflict", ("C4", "C5")), ("statement.unsupported", ("S19", "T1"))])


def test_floors_are_threat_clear_and_not_eod_clear():
    """By 22:42; so the all-clear that the script asks for was refused, naming the zones."""
    with Exercise() as x:
        x.play("--speed", "6000", "--until", AT_22_45)
        zones = x.view("strip", "2023-02-17T22:42:00+05:00")["zones"]
        assert zones["total"] == zones["threat"] == 43 and zones["eod"] == 0, zones
        early = x.view("strip", "2023-02-17T21:00:00+05:00")["zones"]
        assert 0 < early["threat"] < 43, early
        assert "chain holds" in x.command("verify")
        assert not [row for row in map(json.loads, x.command("export", "--by", "EX inquiry").splitlines()) if row["kind"] == "site.all_clear"]
        for row in map(json.loads, x.command("log", "--json").splitlines()):
            fields = dict(row["fields"])
            if row["kind"] == "client.connected":
                assert fields["user"] == "plain-tcp"
            if row["kind"] == "uid.bound":
                assert fields["uid"].startswith("EX-"), fields


def test_folders_of_exercises_and_of_real_records_are_kept_apart():
    with Exercise() as x:
        x.play("--speed", "10000", "--until", "2023-02-17T19:20:00+05:00")
        done = subprocess.run([CORDON, "serve", "--data", x.data, "--web", "0", "--tak-tls", str(free_ports(1)[0])],
                              capture_output=True, text=True, timeout=PATIENCE)
        assert done.returncode != 0 and "belongs to an exercise" in done.stderr, done.stderr
        with Server() as s:
            s.stop()
            run = x.start("--once", data=s.data)
            text, _ = run.communicate(timeout=PATIENCE)
            assert run.returncode != 0 and "holds a real record" in text, text


def test_killed_in_the_middle_it_goes_on_where_the_record_ends():
    with Exercise() as x:
        run = x.start("--speed", "1000")
        lines, enough = [], threading.Event()

        def listen():
            for line in run.stdout:
                lines.append(line)
            enough.set()

        threading.Thread(target=listen, daemon=True).start()
        eventually("it is under way", lambda: any(line.startswith("ready ") for line in lines) and
                   x.command("log", "--kind", "zone.search_ended").count("\n") > 5)
        run.send_signal(signal.SIGKILL)
        run.wait()
        enough.wait(PATIENCE)
        said = x.play("--speed", "10000", "--until", AT_22_45)
        assert "0 not as the script says" in said, said[-1500:]
        assert x.view("strip", AT_22_45)["zones"]["threat"] == 43
        killed = x.view("counters", AT_22_45)["counters"]["killed"]
        assert (killed["lo"], killed["hi"]) == (4, 5)
        assert "chain holds" in x.command("verify")
