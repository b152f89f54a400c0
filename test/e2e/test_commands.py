"""The sub-commands as somebody at a keyboard meets them: no success is silent about what did not happen."""
import json
import os
import re
import shutil
import socket
import subprocess

import events
from page import Page, page_port
from server import CORDON, Server, Skip, eventually, free_ports


def run(*words, **more):
    return subprocess.run([CORDON, *words], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=60,
                          **more)


def test_output_that_could_not_be_written_is_no_success():
    with Server() as s:
        s.stop()
        for words in (["log"], ["verify"], ["seal"], ["client", "EX-anna", "--agency", "EX"], ["invite", "EX-berta"],
                      ["user", "EX-anna", "--password"], ["operator", "EX-cmd", "--roles", "administrator"]):
            with open("/dev/full", "w", encoding="ascii") as full:
                done = run(*words, "--data", s.data, stdout=full)
            assert done.returncode == 1 and "the output could not be written" in done.stderr, (words, done)
        closed = subprocess.run(["sh", "-c", f"exec {CORDON} log --data {s.data} >&-"], stderr=subprocess.PIPE,
                                text=True, timeout=60, check=False)
        assert closed.returncode == 1 and "the output could not be written" in closed.stderr, closed
        # Without a standard output no file of the server gets its number, and what is printed is in none of them.
        out = os.path.join(s.folder, "EX-dora")
        subprocess.run(["sh", "-c", f"exec {CORDON} client EX-dora --data {s.data} --out {out} >&-"],
                       stderr=subprocess.DEVNULL, timeout=60, check=False)
        with open(os.path.join(out, "EX-dora.key"), encoding="ascii") as key:
            assert key.read().startswith("-----BEGIN")
        s.verify()


def test_help_of_one_command():
    done = run("log", "--help", stdout=subprocess.PIPE)
    assert done.returncode == 0 and "cordon log " in done.stdout and "--kind" in done.stdout
    assert "cordon revoke" not in done.stdout and "--tak-tls" not in done.stdout, "only its own"
    assert "--tak-tls" in run("serve", "--help", stdout=subprocess.PIPE).stdout
    assert "cordon revoke" in run("--help", stdout=subprocess.PIPE).stdout
    kinds = run("help", "--kinds", stdout=subprocess.PIPE).stdout.splitlines()
    assert "kind 10 chat.said" in kinds and "kind 100 incident.opened" in kinds and "field 13 text" in kinds
    assert any(x.startswith("field 81 exercise (of kinds from 100 on)") for x in kinds)
    assert len(kinds) == len(set(kinds)) and not any("unknown" in x for x in kinds)
    assert run("help", "--nonsense", stdout=subprocess.PIPE).returncode == 1
    done = run("lgo", "--help", stdout=subprocess.PIPE)
    assert done.returncode == 2 and 'there is no command "lgo"' in done.stderr


def refused(s, words, sentence):
    done = s.command(*words, ok=False)
    assert done.returncode == 1 and sentence in done.stderr and done.stdout == "", (words, done)


def test_a_misspelt_name_is_never_shut_out_in_place_of_another():
    with Server(start=False) as s:
        begun = s.command("client", "EX-anna", "--group", "EX-rescue", "--group", "EX-police:out", "--agency", "EX")
        assert "was not there: a new data folder was begun" in begun.stderr, "a wrong --data is seen"
        assert begun.stdout.startswith("EX-anna of EX: groups EX-rescue, EX-police:out; no package was made")
        assert s.command("client", "EX-anna").stderr == ""
        refused(s, ["revoke", "EX-ana"], "EX-ana")
        refused(s, ["revoke", "EX-anna", "--serial", "00ff"], "EX-anna has no certificate 00ff that is still good")
        assert "EX-anna has no certificate that is still good" in s.command("revoke", "EX-anna").stdout
        for change in ("--disable", "--enable", "--no-password"):
            refused(s, ["user", "EX-ana", change], "EX-ana")
        assert s.command("user", "EX-berta", "--password").stdout.startswith("EX-berta\npassword ")
        s.command("user", "EX-anna", "--disable")
        refused(s, ["client", "EX-anna", "--out", s.folder + "/a"], "let him in first, cordon user EX-anna --enable")
        assert "; disabled" in s.command("client", "EX-anna", "--group", "EX-a").stdout, "groups let nobody in again"


def test_what_is_asked_for_and_could_not_be_meant_is_refused():
    with Server(start=False) as s:
        s.command("client", "EX-anna")
        refused(s, ["client", "EX-carl", "--modern"], "--modern is of a package: say where to, --out FOLDER")
        refused(s, ["client", "EX-carl", "--days", "9"], "--days is of a package")
        refused(s, ["client", "EX-carl", "--days", "0", "--out", s.folder + "/c"], "--days must be a number from 1 to")
        refused(s, ["revoke", "EX-carl"], "EX-carl")  # what was refused made no user
        for group in ("EX-rescue:In", "EX-rescue:out:in", ":in"):
            refused(s, ["client", "EX-anna", "--group", group], "group")
            refused(s, ["invite", "EX-dora", "--group", "EX-a," + group], "group")
        for host in ("EX host", "10.0.0.1/x", "a&b"):
            refused(s, ["invite", "EX-dora", "--host", host], "--host is a name or an address alone")
        refused(s, ["invite", "EX-dora", "--list"], '"EX-dora" is too much')
        assert s.command("admit").stdout == "no device waits for admission\n"
        nowhere = subprocess.run([CORDON, "client", "EX-anna", "--data", s.folder + "/not/there"], text=True,
                                 capture_output=True, timeout=60, check=False)
        assert nowhere.returncode == 1 and "the folder that it would be in is not there" in nowhere.stderr


OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")  # but for the end of a line


def test_what_others_wrote_does_nothing_to_a_terminal():
    port = page_port()
    with Server(web=port) as s:
        page = Page(s, port)
        page.open()
        evil = "EX a\x9b2J\u202eb\u2066c\u2028d\x85e"
        page.say("command.assumed", scope="incident", commanders=[page.name])
        page.say("decision.taken", role="commander", decision="EX-D1",
                 text=evil + "\npeople, by rule cordon-1:\n  killed    99")
        phone = s.phone("EX-Anna", "EX-anna")
        phone.send(events.chat(phone.uid, "EX-Anna", evil))
        eventually("the chat is in the record", lambda: any(evil in r.many("text") for r in s.journal("chat.said")))
        for words in (["log"], ["log", "--json"], ["state"], ["state", "--json"], ["report"],
                      ["export", "--by", "EX-inquiry"]):
            text = s.command(*words).stdout
            assert "EX a" in text and not OBEYED.search(text), (words, OBEYED.search(text))
        assert s.command("report").stdout.count("\n  killed ") == 1, "a text is one line, whatever is in it"


def test_times_are_told_with_their_zone_and_asked_for_with_it():
    port = page_port()
    with Server(web=port) as s:
        page = Page(s, port)
        page.open()
        seq = page.say("media.logged", media="EX-M1", speaker="EX minister", text="EX one")["seq"]
        row = next(r for r in s.journal() if r.seq == seq)
        line = next(x for x in s.command("log", "--from", str(seq), "--to", str(seq)).stdout.splitlines())
        assert f"recorded_at={row.recorded}" in line, line
        assert re.search(r"recorded_at=20\S+Z ", s.command("state").stdout)
        assert f"at:        {row.recorded}\n" in s.command("report", "--seq", str(seq)).stdout, "both say one moment"
        for words in (["state"], ["report"]):
            refused(s, [*words, "--at", row.recorded[:-1]], "--at: a time with its zone")
            refused(s, [*words, "--at", row.recorded, "--seq", "2"], "give one of the two")
            refused(s, [*words, "--seq", "99999"], "there is no entry 99999")
        refused(s, ["state", "--roles", "EX-boss"], '"EX-boss" is none of')

        def log(*words):
            return [json.loads(x) for x in s.command("log", "--json", *words).stdout.splitlines()]

        then = log("--since", row.recorded, "--until", row.recorded, "--kind", "media.logged")
        assert [r["seq"] for r in then] == [seq]
        assert log("--since", "2100-01-01T00:00:00Z") == []
        mine = log("--incident", "EX-1")
        assert mine and all(["incident", "EX-1"] in r["fields"] for r in mine) and seq in [r["seq"] for r in mine]
        assert log("--incident", "EX-2") == []
        refused(s, ["log", "--since", row.recorded[:-1]], "--since: a time with its zone")


def test_an_exercise_says_so_wherever_it_is_printed_and_in_its_copy():
    port = page_port()
    with Server(web=port) as s:
        page = Page(s, port)
        page.open(exercise=True)
        s.stop()
        rows = [json.loads(x) for x in s.command("log", "--json").stdout.splitlines()]
        assert any(["exercise", "1"] in r["fields"] for r in rows), "by its own name"
        with open(os.path.join(s.data, "exercise"), "w", encoding="ascii") as mark:  # as cordon exercise makes it
            mark.write("This folder belongs to an exercise.\n")
        for words in (["log"], ["verify"], ["seal"], ["state"], ["report"]):
            assert s.command(*words).stdout.startswith("EXERCISE EXERCISE EXERCISE\n"), words
        at = re.search(r"^at: +(\S+)$", s.command("report").stdout, re.M).group(1)
        assert at == s.journal()[-1].recorded, "of where the exercise ends, not of today"
        assert all(json.loads(x)["exercise"] for x in s.command("log", "--json").stdout.splitlines())
        out = os.path.join(s.folder, "backup")
        s.command("backup", "--out", out)
        assert os.path.exists(os.path.join(out, "record", "exercise")), "a restored one would pass for the real thing"


def test_a_setting_that_cannot_count_is_told():
    with Server(start=False) as s:
        os.makedirs(s.data)
        conf = os.path.join(s.data, "cordon.conf")

        def said(text):
            with open(conf, "wb") as f:
                f.write(text)
            port, other, third = free_ports(3)
            done = subprocess.run([CORDON, "serve", "--data", s.data, "--listen", "127.0.0.1", "--tak-tls", str(port),
                                   "--web", str(other), "--enrol", str(third)], stdin=subprocess.DEVNULL, text=True,
                                  capture_output=True, timeout=60, check=False)
            assert done.returncode == 1, done
            return done.stderr

        assert 'log_level is debug, info, warn or error, not "loud"' in said(b"log_level = loud\n")
        assert "line 2: a line has 1022 bytes at most" in said(b"\xef\xbb\xbfloops = 1\r\n#" + b"x" * 2000 + b"\n")
        port = free_ports(1)[0]
        done = run("serve", "--data", s.data + "-2", "--tak-tls", str(port), "--web", str(port), stdout=subprocess.PIPE)
        assert done.returncode == 1 and "tak_tls and web are both port" in done.stderr
        assert not os.path.exists(s.data + "-2"), "and nothing was begun"
        os.remove(conf)
        os.mkdir(conf)  # as good as a file that must not be read: root reads everything
        done = run("serve", "--data", s.data, stdout=subprocess.PIPE)
        assert done.returncode == 1 and "the config file cannot be read: Is a directory" in done.stderr, done
        os.rmdir(conf)


def test_what_a_reload_does_not_take_is_told():
    with Server() as s:
        with open(os.path.join(s.data, "cordon.conf"), "w", encoding="ascii") as conf:
            conf.write("log_level = debug\ntrack_days = 9\ncert_days = 30\n")
        s.hup()
        s.wait_log("config.waits", "setting=track_days", "needs a restart")
        s.wait_log("config.waits", "setting=cert_days")
        s.wait_log("reloaded")
        assert "setting=log_level" not in s.log_text() and s.log_text().count("config.waits") == 2


def test_the_first_package_is_made_when_its_password_can_be_told():
    with Server(start=False) as s, socket.create_server(("127.0.0.1", 0)) as taken:
        words = ["serve", "--data", s.data, "--listen", "127.0.0.1", "--web", "0", "--enrol", "0", "--tak-tls"]
        done = run(*words, str(taken.getsockname()[1]), stdout=subprocess.PIPE)
        assert done.returncode == 1 and "is in use" in done.stderr
        assert not os.path.exists(os.path.join(s.data, "first-client")), "whose password nobody was told"
        os.makedirs(os.path.join(s.data, "first-client.part"))  # what a full disk left
        s.start()
        assert any("first client package" in x and "(password " in x for x in s.lines), s.lines
        assert "first.p12" in os.listdir(os.path.join(s.data, "first-client"))
        assert not os.path.exists(os.path.join(s.data, "first-client.part"))
        shutil.rmtree(os.path.join(s.data, "first-client"))  # given to its person
        s.restart()
        assert not os.path.exists(os.path.join(s.data, "first-client")), "and no other is made"


def test_a_folder_that_is_not_there_is_named_and_what_a_file_says_is_harmless():
    with Server(start=False) as s:
        for words in (["erase", "3", "--by", "EX-me", "--reason", "EX", "--yes"], ["backup", "--out", s.folder + "/b"]):
            refused(s, words, f"there is no record in {s.data}")
        assert not os.path.exists(s.data), "and is not begun by asking"
        for words in (["--speed", "0"], ["--from", "tomorrow"]):
            refused(s, ["exercise", *words], words[0])
    port = page_port()
    with Server(web=port) as s:
        Page(s, port).open()
        path = os.path.join(s.folder, "commands")
        with open(path, "w", encoding="utf-8") as f:
            json.dump({"id": "EX-hostile-1", "kind": "EX\x1b[2J\x9b31m\u202e", "fields": {}}, f, ensure_ascii=False)
        said = s.command("import", "--commands", path, "--by", "EX-me", "--roles", "loggist", ok=False)
        assert said.returncode == 1 and "EX" in said.stderr and not OBEYED.search(said.stderr), said


def test_what_root_does_in_the_folder_of_another_user_shuts_nobody_out():
    """As sudo cordon seal beside the service, whose user is its own."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        raise Skip("only root does things for others")
    nobody = 65534
    with Server(start=False, wrapper=["setpriv", "--reuid", str(nobody), "--regid", str(nobody), "--clear-groups"]) as s:
        os.chmod(s.folder, 0o755)
        os.mkdir(s.data, 0o700)
        os.chown(s.data, nobody, nobody)
        s.start()
        head = re.search(r"For a machine (\S+)", s.command("seal").stdout).group(1)
        s.command("seal", "--witness", head, "--by", "EX-FIRE/Watch officer")
        s.wait_journal("head.witnessed")
        s.command("client", "EX-anna")
        s.stop()
        assert "could not be signed" not in s.log_text()
        s.command("erase", "1", "--by", "EX-owner", "--reason", "EX", "--yes")
        s.command("invite", "EX-berta")
        foreign = [os.path.join(folder, x) for folder, folders, files in os.walk(s.data) for x in folders + files
                   if os.lstat(os.path.join(folder, x)).st_uid != nobody]
        assert not foreign, foreign
        s.start()
        s.stop()
        s.verify()


def test_metrics_tell_how_much_the_disk_has_left():
    port = page_port()
    with Server(web=port) as s:
        said = Page(s, port).ask("GET", "/metrics")[1].decode()
        free = int(re.search(r"^cordon_disk_free_bytes (\d+)$", said, re.M).group(1))
        assert abs(free - shutil.disk_usage(s.data).free) < 1 << 30
