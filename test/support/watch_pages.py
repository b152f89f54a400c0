#!/usr/bin/env python3
"""Usage: watch_pages.py LOG PORT PID -- two pages at an exercise that runs: WebSockets, views and past moments.

For the thread sanitizer: what the web thread does while the record thread decides. LOG is the exercise's
output, PID its process; ends with it. Fails when a page was told nothing of the incident.
"""
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
sys.dont_write_bytecode = True
from page import Page, Refused  # noqa: E402


class Output:
    """What Page asks of a server: the lines that it printed."""

    def __init__(self, path):
        with open(path, encoding="utf-8", errors="replace") as f:
            self.lines = f.read().splitlines()


def runs(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def listen(page, heard):
    socket = page.socket()
    try:
        while True:
            if socket.next()["type"] == "incident":
                heard.append(1)
    except (ConnectionError, OSError):
        return


def main():
    log, port, pid = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    while runs(pid) and not any(line.startswith("ready ") for line in Output(log).lines):
        time.sleep(0.1)
    page = Page(Output(log), port)
    heard = [], []
    for one in heard:
        threading.Thread(target=listen, args=(page, one), daemon=True).start()
    while runs(pid):
        try:
            for name in ("strip", "counters", "floors"):
                page.view(name)
                page.view(name, at="2023-02-17T20:00:00+05:00")
        except (Refused, ConnectionError, OSError):
            pass  # not opened yet, or it has just ended
        time.sleep(0.3)
    sys.exit(0 if all(heard) else "a page was told nothing of the incident")


if __name__ == "__main__":
    main()
