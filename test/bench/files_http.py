#!/usr/bin/env python3
"""A package of 100 MB up to the server and down again over HTTPS, beside a bare TLS copy of the same bytes.

    test/bench/files_http.py [--mib N] [--rounds N]        CORDON names the binary (build/cordon)

The bare copy is a process that reads the bytes off a TLS socket, or writes them to one, and does nothing else;
client and cipher are the same, and all take turns. Up, there are two: one forgets the bytes as they come, the other
writes them into a file and syncs it, which no server that keeps a file can do without. (Cordon hashes and records them
on top before it answers.) Told is the best of the rounds, the processor time of the server, and how much its memory has
grown at most during a transfer. The last line is one JSON object.
"""
import argparse
import hashlib
import json
import multiprocessing
import os
import socket
import ssl
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
sys.dont_write_bytecode = True
from phone import tls_context  # noqa: E402
from test_files import With  # noqa: E402

STEP = 1 << 18


def take(link, size):
    """Reads the bytes and forgets them."""
    room, left = bytearray(STEP), size
    while left > 0:
        n = link.recv_into(room, min(STEP, left))
        if n == 0:
            break
        left -= n


def keep(link, size, folder):
    """Reads the bytes, writes and syncs them."""
    room, left, path = memoryview(bytearray(STEP)), size, os.path.join(folder, "kept")
    with open(path, "wb", buffering=0) as out:
        while left > 0 and (n := link.recv_into(room, min(STEP, left))):
            out.write(room[:n])
            left -= n
        os.fdatasync(out.fileno())
    os.unlink(path)


def bare_server(certificate, key, size, folder, port):
    """Takes connections: a byte says which way (u, k: up and kept, d), then size bytes go it, and a byte ends it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    held = bytes(STEP)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port.send(listener.getsockname()[1])
        while True:
            link = context.wrap_socket(listener.accept()[0], server_side=True)
            way = link.recv(1)
            if way == b"u":
                take(link, size)
            elif way == b"k":
                keep(link, size, folder)
            else:
                for at in range(0, size, STEP):
                    link.sendall(held[:size - at])
            link.sendall(b"!" if way in b"uk" else b"")
            link.close()


def send_all(link, data):
    view = memoryview(data)
    for at in range(0, len(data), STEP):
        link.sendall(view[at:at + STEP])


def read_all(take, size, watch=lambda: None):
    room, got = bytearray(STEP), 0
    while got < size:
        n = take(room)
        if n == 0:
            break
        got += n
        watch()
    return got


class Watch:
    """The server's memory and processor time, without disturbing what is measured."""

    def __init__(self, pid):
        self.pid, self.peak, self.next = pid, 0, 0.0

    def memory_kib(self):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

    def cpu_s(self):
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def look(self):
        if time.monotonic() >= self.next:
            self.next = time.monotonic() + 0.05
            self.peak = max(self.peak, self.memory_kib())


def bare(context, port, data, way):
    link = context.wrap_socket(socket.create_connection(("127.0.0.1", port)))
    began = time.monotonic()
    link.sendall(way)
    if way in b"uk":
        send_all(link, data)
        assert link.recv(1) == b"!"
    else:
        assert read_all(link.recv_into, len(data)) == len(data)
    took = time.monotonic() - began
    link.close()
    return took


def upload(client, data, watch):
    link = client.link()
    link.connect()
    began = time.monotonic()
    link.putrequest("POST", "/Marti/sync/upload?name=EX-bench")
    link.putheader("Content-Length", str(len(data)))
    link.putheader("Content-Type", "application/octet-stream")
    link.endheaders()
    view = memoryview(data)
    for at in range(0, len(data), STEP):
        link.sock.sendall(view[at:at + STEP])
        watch.look()
    reply = link.getresponse()
    entry = json.loads(reply.read())
    took = time.monotonic() - began
    assert reply.status == 200, (reply.status, entry)
    link.close()
    return took, entry["Hash"]


def download(client, digest, size, watch):
    link = client.link()
    link.connect()
    began = time.monotonic()
    link.request("GET", f"/Marti/sync/content?hash={digest}")
    reply = link.getresponse()
    assert reply.status == 200 and read_all(reply.readinto, size, watch.look) == size
    took = time.monotonic() - began
    link.close()
    return took


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mib", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    size = options.mib << 20
    took = {"up": [], "down": [], "bare_up": [], "bare_kept": [], "bare_down": []}
    cpu = {"up": [], "down": []}
    with With() as w:
        client = w.marti("EX-bench")
        context = tls_context(client.client)
        get, put = multiprocessing.Pipe(False)
        ca = f"{w.server.data}/ca"
        other = multiprocessing.Process(target=bare_server, daemon=True, args=(
            f"{ca}/server.pem", f"{ca}/server.key", size, w.server.data, put))
        other.start()
        port = get.recv()
        assert client.upload(b"first").status == 200
        watch = Watch(w.server.process.pid)
        before = watch.memory_kib()
        for n in range(options.rounds):
            data = os.urandom(1 << 20) * options.mib
            took["bare_up"].append(bare(context, port, data, b"u"))
            took["bare_kept"].append(bare(context, port, data, b"k"))
            began = watch.cpu_s()
            seconds, digest = upload(client, data, watch)
            cpu["up"].append(watch.cpu_s() - began)
            took["up"].append(seconds)
            assert digest == hashlib.sha256(data).hexdigest()
            took["bare_down"].append(bare(context, port, data, b"d"))
            began = watch.cpu_s()
            took["down"].append(download(client, digest, size, watch))
            cpu["down"].append(watch.cpu_s() - began)
            print(f"round {n + 1}: " + ", ".join(f"{k} {v[-1]:.3f} s" for k, v in took.items()), flush=True)
        other.terminate()
    best = {k: min(v) for k, v in took.items()}
    print(json.dumps({"files_http": {
        "mib": options.mib, "up_mib_s": options.mib / best["up"], "down_mib_s": options.mib / best["down"],
        "bare_up_mib_s": options.mib / best["bare_up"], "bare_down_mib_s": options.mib / best["bare_down"],
        "up_of_bare": best["bare_up"] / best["up"], "up_of_kept": best["bare_kept"] / best["up"],
        "down_of_bare": best["bare_down"] / best["down"],
        "up_cpu_s": min(cpu["up"]), "down_cpu_s": min(cpu["down"]), "grown_kib": max(watch.peak - before, 0)}}))


if __name__ == "__main__":
    main()
