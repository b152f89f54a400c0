"""The sub-commands as somebody at a keyboard meets them: no success is silent about what did not happen."""
import os
import subprocess

from server import CORDON, Server


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


def test_what_is_asked_for_and_could_not_be_meant_is_refused():
    with Server(start=False) as s:
        s.command("client", "EX-anna")
        refused(s, ["client", "EX-carl", "--modern"], "--modern is of a package: say where to, --out FOLDER")
        refused(s, ["client", "EX-carl", "--days", "9"], "--days is of a package")
        refused(s, ["client", "EX-carl", "--days", "0", "--out", s.folder + "/c"], "--days must be a number from 1 to 3650")
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
