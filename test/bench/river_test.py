#!/usr/bin/env python3
"""Does cordon-load find what it is there to find?

Usage: test/bench/river_test.py BUILD      (BUILD/cordon-load)

A small TAK server of its own (plain TCP, XML and v1) relays everything to everybody, and in each row
makes one kind of mistake.  The load tool must find that mistake, and nothing else.
"""
import asyncio
import json
import os
import re
import sys

EVENT_END = b"</event>"
MARK = re.compile(rb'<__load n="(\d{6})" (seq|say)="(\d{6})"')
OFFER = (b'<event version="2.0" uid="offer" type="%s" how="m-g" time="2026-01-02T03:04:05.678Z" '
         b'start="2026-01-02T03:04:05.678Z" stale="2026-01-02T03:05:05.678Z">'
         b'<point lat="0" lon="0" hae="0" ce="999999" le="999999"/><detail><TakControl>%s'
         b'</TakControl></detail></event>')
VERSION = OFFER % (b"t-x-takp-v", b'<TakProtocolSupport version="1"/>')
PHONES, STORM = 20, 10
ANSWER = OFFER % (b"t-x-takp-r", b'<TakResponse status="true"/>')


def cut(data):
    """Whole units of a stream, and the rest."""
    units = []
    while data:
        if data[0] == 0xBF:
            size, at, shift = 0, 1, 0
            while at < len(data):
                size |= (data[at] & 0x7F) << shift
                shift += 7
                at += 1
                if data[at - 1] < 0x80:
                    break
            else:
                break
            if len(data) < at + size:
                break
            units.append(data[:at + size])
            data = data[at + size:]
        elif EVENT_END in data:
            end = data.index(EVENT_END) + len(EVENT_END)
            units.append(data[:end])
            data = data[end:]
        else:
            break
    return units, data


class Mirror:
    """Relays each event to all others; `fault` says what it does wrong."""

    def __init__(self, fault):
        self.fault, self.phones, self.held, self.count = fault, {}, {}, 0

    async def serve(self, reader, writer):
        rest = b""
        self.count += 1
        if self.fault == "shut" and self.count == PHONES + STORM + 5:  # the fifth of those who come back
            writer.close()
            return
        writer.write(VERSION)
        try:
            while data := await reader.read(65536):
                units, rest = cut(rest + data)
                for unit in units:
                    self.take(writer, unit)
        except ConnectionError:
            pass
        self.phones.pop(writer, None)
        writer.close()

    def take(self, writer, unit):
        if b"t-x-takp-q" in unit:
            writer.write(ANSWER)
            return
        mark = MARK.search(unit)
        if not mark:
            return
        sender, is_chat, number = int(mark[1]), mark[2] == b"say", int(mark[3])
        self.phones[writer] = sender
        for other, name in list(self.phones.items()):
            if other is not writer:
                self.deliver(other, name, sender, number, is_chat, unit)
        if self.fault == "echo" and number == 3:
            writer.write(unit)

    def deliver(self, writer, receiver, sender, number, is_chat, unit):
        """Phones of even and of odd numbers are two groups; a direct message has one addressee."""
        dest = re.search(rb'dest callsign="LOAD-(\d{6})"', unit)
        wrong = receiver == 1 and sender == 3 and number == 4
        if (receiver - sender) % 2 and not (self.fault == "leak" and number == 3):
            return
        if is_chat and dest and int(dest[1]) != receiver and self.fault != "misdirect":
            return
        if self.fault == "lose" and wrong and not is_chat:
            return
        if self.fault == "lose-last" and receiver == 1 and sender == 3 and number >= 5 and not is_chat:
            return
        if self.fault == "lose-chat" and is_chat and receiver == 1:
            return
        if self.fault == "swap" and wrong and not is_chat:
            self.held[writer] = unit
            return
        if self.fault == "change" and not is_chat:
            unit = unit.replace(b"ANDROID", b"ANDROYD")
        writer.write(unit)
        if self.fault == "twice" and wrong and not is_chat:
            writer.write(unit)
        if self.fault == "close" and wrong:
            writer.close()
        if sender == 3 and number == 5 and writer in self.held:
            writer.write(self.held.pop(writer))


# What the mirror does, and what the tool must say: by name, at least 1 where the number is None.
ROWS = [
    ("nothing", {}),
    ("lose", {"account.lost": 1}),
    ("lose-last", {"account.lost": None}),
    ("twice", {"account.again": 1}),
    ("swap", {"account.out_of_order": 1}),
    ("echo", {"account.echoes": None}),
    ("leak", {"account.leaks": None}),
    ("change", {"account.bad": None}),
    ("close", {"closed": 1, "account.lost": None}),
    ("lose-chat", {"chat.lost": None}),
    ("misdirect", {"chat.misdirected": None}),
    ("shut", {"closed": 1, "storm.back": STORM - 1}),
]
ALWAYS = ["account.lost", "account.again", "account.out_of_order", "account.echoes", "account.leaks",
          "account.bad", "closed", "chat.lost", "chat.again", "chat.misdirected"]


def look_up(found, name):
    for part in name.split("."):
        found = found[part]
    return found


async def run(tool, fault, form):
    server = await asyncio.start_server(Mirror(fault).serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    # Two packages are two groups; without TLS they are only numbers.
    process = await asyncio.create_subprocess_exec(
        tool, "--port", str(port), "--clients", str(PHONES), "--storm", str(STORM), "--rate", "10", "--seconds", "1.5", "--warmup", "0.5",
        "--form", form, "--groups", "even,odd", "--chat", "20", "--json", "--quiet",
        stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    server.close()
    return process.returncode, json.loads(out or b"{}")


def verdict(wanted, status, found):
    if not found or status != (1 if wanted else 0):
        return f"exit status {status}"
    if look_up(found, "storm.back") != wanted.get("storm.back", STORM):
        return f"{look_up(found, 'storm.back')} came back"
    for name in ALWAYS:
        value = look_up(found, name)
        if name not in wanted and value:
            return f"{name} is {value}"
        if name in wanted and (value != wanted[name] if wanted[name] else value < 1):
            return f"{name} is {value}, not {wanted[name] or 'at least 1'}"
    return None


def main():
    tool, failed = os.path.join(sys.argv[1], "cordon-load"), 0
    for fault, wanted in ROWS:
        for form in ("xml", "v1"):
            why = verdict(wanted, *asyncio.run(run(tool, fault, form)))
            failed += why is not None
            print(f"{fault:10} {form:4} {why or 'as it should'}", flush=True)
    print(f"{2 * len(ROWS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
