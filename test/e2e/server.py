"""The real server in a folder of its own, on free ports of the loopback."""
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time

from phone import PATIENCE, Phone

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
LOG_SHOWN = int(os.environ.get("CORDON_E2E_LOG", "4000"))
CORDON = os.path.abspath(os.environ.get("CORDON", os.path.join(ROOT, "build", "cordon")))


class Skip(Exception):
    """This test cannot be done here; the reason is printed."""


class Client:
    """A client package: what a phone needs to be let in."""

    def __init__(self, name, pem, key, ca):
        self.name, self.pem, self.key, self.ca = name, pem, key, ca


class Row(dict):
    """A row of the journal; fields that stand several times are in `many`."""

    def __init__(self, line):
        row = json.loads(line)
        super().__init__(reversed(row["fields"]))  # the first of each name wins
        self.seq, self.kind, self.recorded, self.hash = row["seq"], row["kind"], row["recorded"], row["hash"]
        self.list = row["fields"]

    def many(self, name):
        return [v for n, v in self.list if n == name]

    def __repr__(self):
        return f"<{self.seq} {self.kind} {dict(self)}>"


def free_ports(count):
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in held]
    for s in held:
        s.close()
    return ports


def eventually(what, check, seconds=None):
    """Waits until check() is true and returns it."""
    seconds = PATIENCE if seconds is None else seconds
    until = time.monotonic() + seconds
    while True:
        result = check()
        if result:
            return result
        if time.monotonic() > until:
            raise AssertionError(f"not within {seconds:g} s: {what}")
        time.sleep(0.02)


class Server:
    def __init__(self, *options, data=None, env=None, wrapper=(), start=True, **settings):
        self.folder = tempfile.mkdtemp(prefix="cordon-e2e-")
        self.data = data or os.path.join(self.folder, "data")
        self.options = list(options)
        for key, value in settings.items():
            self.options += ["--" + key.replace("_", "-"), str(value)]
        self.env, self.wrapper = dict(os.environ, **(env or {})), list(wrapper)
        # At its end it leaves its memory to the kernel; the clock's shim is loaded before the sanitizer.
        self.env.setdefault("ASAN_OPTIONS", "detect_leaks=0:verify_asan_link_order=0")
        self.process, self.clients, self.phones, self.starts = None, {}, [], 0
        self.log_path = os.path.join(self.folder, "log")
        self.keep = bool(os.environ.get("CORDON_E2E_KEEP"))
        self.tls_port = self.tcp_port = 0
        if start:
            self.start()

    # --------------------------------------------------------------- life

    def start(self, wait=True):
        assert self.process is None
        if not os.path.exists(CORDON):
            raise AssertionError(f"there is no server at {CORDON}: build it, or name it in CORDON")
        for _ in range(5):
            tls_port, tcp_port = (self.tls_port, self.tcp_port) if self.starts else free_ports(2)
            command = self.wrapper + [CORDON, "serve", "--data", self.data, "--listen", "127.0.0.1", "--tak-tls",
                                      str(tls_port), "--tak-tcp", str(tcp_port), "--web", "0", "--enrol", "0"]
            self.lines, self.ready = [], threading.Event()
            with open(self.log_path, "ab") as log:
                self.process = subprocess.Popen(command + self.options, stdin=subprocess.DEVNULL, text=True,
                                                stdout=subprocess.PIPE, stderr=log, env=self.env)
            threading.Thread(target=self._take_lines, args=(self.process.stdout, self.lines, self.ready), daemon=True).start()
            self.tls_port, self.tcp_port = tls_port, tcp_port
            if not wait:
                return self
            if self.ready.wait(PATIENCE) and self.process.poll() is None:
                self.starts += 1
                return self
            code = self.process.wait() if self.process.poll() is not None else self._end(signal.SIGKILL)
            self.process = None
            if "in use" not in self.log_text():
                raise AssertionError(f"the server did not become ready (exit {code}): {self.lines} {self.log_text()}")
        raise AssertionError("no free ports")

    @staticmethod
    def _take_lines(pipe, lines, ready):
        for line in pipe:
            lines.append(line.rstrip("\n"))
            if line.startswith("ready "):
                ready.set()
        ready.set()
        pipe.close()

    def _end(self, sig):
        self.process.send_signal(sig)
        try:
            code = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            self.process = None
            raise AssertionError(f"the server did not end within {PATIENCE:g} s of signal {sig}") from None
        self.process = None
        return code

    def stop(self):
        code = self._end(signal.SIGTERM)
        assert code == 0, f"exit {code} after SIGTERM: {self.log_text()[-2000:]}"
        return self

    def kill(self):
        """kill -9: nothing of the process lives on."""
        self._end(signal.SIGKILL)
        return self

    def restart(self):
        return self.kill().start()

    def hup(self):
        self.process.send_signal(signal.SIGHUP)

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def __enter__(self):
        return self

    def __exit__(self, kind, problem, _):
        for phone in self.phones:
            if phone.sock:
                try:
                    phone.sock.close()
                except OSError:
                    pass
        died = self.process is not None and self.process.poll() is not None
        if self.process is not None and not died:
            self._end(signal.SIGKILL)
        text = self.log_text()
        if problem is not None:
            problem.add_note(f"--- the end of the server's log ---\n{text[-LOG_SHOWN:]}")
        if not self.keep:
            shutil.rmtree(self.folder, ignore_errors=True)
        if problem is None:
            assert not died, f"the server died with {self.process.returncode}: {text[-LOG_SHOWN:]}"
            for word in ("AddressSanitizer", "runtime error:", "ThreadSanitizer", "MUST("):
                assert word not in text, f"{word} in the server's log: {text[-LOG_SHOWN:]}"

    # -------------------------------------------------------------- words

    def log_text(self):
        try:
            with open(self.log_path, encoding="utf-8", errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def wait_log(self, *parts, seconds=None):
        """A line of the log that has all of these parts."""
        def line():
            return next((x for x in self.log_text().splitlines() if all(p in x for p in parts)), None)
        return eventually(f"a log line with {parts}; there is\n{self.log_text()[-1500:]}", line, seconds)

    def command(self, *words, ok=True):
        done = subprocess.run([CORDON, *words, "--data", self.data], capture_output=True, text=True, timeout=120,
                              env=dict(os.environ))
        assert not ok or done.returncode == 0, f"cordon {' '.join(words)}: {done.stderr}{done.stdout}"
        return done

    def journal(self, kind=None):
        words = ["log", "--json"] + (["--kind", kind] if kind else [])
        return [Row(line) for line in self.command(*words).stdout.splitlines()]

    def wait_journal(self, kind, match=lambda row: True, seconds=None):
        """The first row of that kind that fits."""
        return eventually(f"a row {kind}; there are {self.journal()[-8:]}",
                          lambda: next((r for r in self.journal(kind) if match(r)), None), seconds)

    def acked(self, uid):
        """Up to which row a device has what is to arrive, as the accounts say; 0: nothing yet."""
        base = sqlite3.connect(f"file:{self.data}/cordon.db?mode=ro", uri=True)
        try:
            row = base.execute("select acked_seq from devices where uid = ?", (uid,)).fetchone()
            return row[0] if row else 0
        finally:
            base.close()

    def wait_acked(self, uid, seq):
        eventually(f"{uid} has row {seq}", lambda: self.acked(uid) >= seq)

    def verify(self, ok=True):
        done = self.command("verify", ok=False)
        assert (done.returncode == 0) == ok, f"verify: {done.stdout}{done.stderr}"
        return done.stdout

    # ------------------------------------------------------------ people

    def client(self, name, *groups, relay=False, agency=None, days=None):
        out = os.path.join(self.folder, "clients", name)
        os.makedirs(os.path.dirname(out), exist_ok=True)
        words = ["client", name, "--out", out]
        for group in groups:
            words += ["--group", group]
        words += ["--relay"] if relay else []
        words += ["--agency", agency] if agency else []
        words += ["--days", str(days)] if days else []
        printed = self.command(*words).stdout
        self.clients[name] = Client(name, f"{out}/{name}.pem", f"{out}/{name}.key", f"{out}/ca.pem")
        self.clients[name].serial = re.search(r"serial (\w+)", printed).group(1)
        self.clients[name].password = re.search(r"\(password ([^)]+)\)", printed).group(1)
        self.clients[name].p12 = f"{out}/{name}.p12"
        return self.clients[name]

    def regroup(self, name, *groups):
        words = ["client", name]
        for group in groups:
            words += ["--group", group]
        self.command(*words)

    def phone(self, callsign=None, client=None, uid=None, tls=None, v1=False, hello=True, **more):
        """A phone that is in: TLS with a package (a name makes one), else TCP."""
        if isinstance(client, str):
            client = self.clients.get(client) or self.client(client)
        phone = Phone(self, client, uid or (f"ANDROID-{callsign}" if callsign else None), callsign, tls)
        self.phones.append(phone)
        if v1:
            phone.negotiate()
        if callsign and hello:
            phone.hello(**more)
            phone.ping()
        return phone
