"""Every real event of the corpus through the real server: unchanged as XML, without loss as v1."""
import gzip
import json
import math
import os
import re
import zlib
import xml.etree.ElementTree as ElementTree
from collections import Counter

import events
from phone import Closed
from server import ROOT, Server, Skip
from takproto import decode

CORPUS = os.environ.get("CORDON_CORPUS", os.path.join(ROOT, "..", "shared", "corpus"))
CONTROL = ("t-b", "t-x-c-f", "t-x-c-t", "t-x-c-m", "t-x-c-i-e", "t-x-c-i-d", "t-x-takp-q", "t-x-takp-v", "t-x-takp-r")
ROOMS = {"All Chat Rooms", "All Streaming", "All Groups", "White", "Yellow", "Orange", "Magenta", "Red", "Maroon",
         "Purple", "Dark Blue", "Blue", "Cyan", "Teal", "Green", "Dark Green", "Brown"}


def index(*kinds):
    path = os.path.join(CORPUS, "index.json")
    if not os.path.exists(path):
        raise Skip(f"there is no corpus at {CORPUS}; CORDON_CORPUS names it")
    with open(path, encoding="utf-8") as f:
        return [row for row in json.load(f) if row["kind"] in kinds]


def load(row):
    with open(os.path.join(CORPUS, row["file"]), "rb") as f:
        return f.read()


def is_control(kind):
    return any(kind == c or kind.startswith(c + "-") for c in CONTROL)


class Sample:
    """One event and what is to become of it."""

    def __init__(self, data, name):
        self.data, self.name = data, name
        start, end = data.index(b"<event"), data.rfind(b"</event>")
        tail = data.rfind(b"/>")
        self.xml = data[start:end + 8] if end >= 0 else data[start:tail] + b"></event>"
        self.root = ElementTree.fromstring(self.xml)
        detail = self.root.find("detail")
        self.detail = detail if detail is not None else ElementTree.Element("detail")
        self.uid, self.type = self.root.get("uid"), self.root.get("type")
        point = self.root.find("point")
        whole = all(self.root.get(k) for k in ("uid", "type", "time", "start", "stale"))
        self.taken = whole and (self.type == "t-x-d-d" or (
            point is not None and bool(point.get("lat")) and bool(point.get("lon"))))
        self.relayed = self.taken and not is_control(self.type)
        # those to whom it goes, as tak.md 1.3 has it
        self.callsigns, self.uids, to_all, mission = [], [], False, False
        for dest in self.detail.findall("marti/dest"):
            if dest.get("callsign") == "All Streaming":
                to_all = True
            elif dest.get("callsign"):
                self.callsigns.append(dest.get("callsign"))
            elif dest.get("uid"):
                self.uids.append(dest.get("uid"))
            elif dest.get("mission") or dest.get("mission-guid"):
                mission = True
        for tag in ("__chat", "__chatreceipt"):
            chat = self.detail.find(tag)
            if chat is None or chat.get("id") in ROOMS:
                continue
            group = chat.find("chatgrp")
            members = [v for k, v in sorted(group.attrib.items()) if re.fullmatch(r"uid[1-9]\d*", k)] \
                if group is not None else []
            self.uids += [m for m in members if m not in ROOMS] or ([] if members else [chat.get("id") or ""])
        self.uids = [u for u in self.uids if u]
        if to_all:
            self.callsigns, self.uids = [], []
        elif mission and not self.addressed():
            self.relayed = False  # to a mission only: nobody subscribes yet
        self.expected = self.xml if not self.has_dest() else None

    def has_dest(self):
        return self.detail.find("marti/dest") is not None

    def addressed(self):
        return bool(self.callsigns or self.uids)


def samples():
    return [Sample(load(row), row["file"]) for row in index("event")]


def canonical(element, typed=False):
    """An element as what it says: names, attributes, texts; white space between elements is none."""
    def value(text):
        try:
            return float(text) if typed else text
        except ValueError:
            return text
    attributes = tuple(sorted((k, value(v)) for k, v in element.attrib.items()))
    children = tuple(canonical(c) for c in element)
    return (element.tag, attributes, (element.text or "").strip(), children, )


TYPED = ("contact", "__group", "precisionlocation", "status", "takv", "track")


def content(detail):
    """The children of detail in no order, marti/dest left out, and an empty marti with it."""
    found = []
    for child in detail:
        if child.tag == "marti":
            rest = [c for c in child if c.tag != "dest"]
            if not rest and not child.attrib and not (child.text or "").strip():
                continue
            copy = ElementTree.Element("marti", child.attrib)
            copy.extend(rest)
            child = copy
        found.append(canonical(child, child.tag in TYPED))
    return Counter(found)


def as_it_is_v1(heard):
    return content(heard.detail)


def stripped(xml):
    """Without dest elements; an emptied marti may stay or go."""
    xml = re.sub(rb"<dest\b[^>]*/>|<dest\b[^>]*[^/]>.*?</dest\s*>|<dest>.*?</dest\s*>", b"", xml, flags=re.S)
    return re.sub(rb"<marti\s*/>|<marti\s*>\s*</marti\s*>", b"", xml)


def announce(phone, sample):
    for n, name in enumerate(sample.callsigns):
        phone.send(events.position(f"receiver-{n}", name))
    for uid in sample.uids:
        phone.send(events.position(uid, uid))
    phone.ping()


def check_xml(sample, heard):
    if sample.expected is not None:
        assert heard.raw == sample.expected, f"{sample.name}: {heard.raw!r} is not {sample.expected!r}"
    else:
        assert b"<dest" not in heard.raw or stripped(heard.raw) == heard.raw
        assert stripped(heard.raw) == stripped(sample.xml), f"{sample.name}: {heard.raw!r}"


def number(text, missing):
    try:
        value = float(text)
    except (TypeError, ValueError):
        return missing
    return value if math.isfinite(value) else missing


def check_v1(sample, heard):
    root, point = sample.root, sample.root.find("point")
    for name in ("uid", "type", "how"):
        assert heard.attributes[name] == root.get(name, ""), f"{sample.name}: {name}"
    if point is not None:
        for name in ("lat", "lon", "hae", "ce", "le"):
            wanted = number(point.get(name), None)
            if wanted is not None:
                assert heard.point[name] == wanted, f"{sample.name}: {name} {heard.point[name]} is not {wanted}"
    wanted, got = content(sample.detail), as_it_is_v1(heard)
    assert got == wanted, f"{sample.name}: missing {wanted - got}, too many {got - wanted}"


def carry(v1):
    """All of them to one phone of that form, one after the other."""
    all_samples = samples()
    open_ones = [x for x in all_samples if not x.addressed()]
    for batch in [open_ones] + [[x] for x in all_samples if x.addressed()]:
        with Server() as s:
            sender = s.phone(client=s.client("sender", relay=True))
            hearer = s.phone(client=s.client("hearer", relay=True), v1=v1)
            for n, sample in enumerate(batch):
                if sample.addressed():
                    announce(hearer, sample)
                before = len(hearer.heard)
                sender.send(sample.data)
                sender.send(events.track(f"end-{n}"), events.marker(f"end-mark-{n}"))
                if sample.relayed:
                    got = hearer.hear(lambda e: e.uid == sample.uid and e.index >= before)
                    check_v1(sample, got) if v1 else check_xml(sample, got)
                hearer.hear(uid=f"end-{n}")
                hearer.hear(uid=f"end-mark-{n}")
                if not sample.relayed:
                    assert not any(e.uid == sample.uid and e.type == sample.type for e in hearer.heard[before:]), \
                        f"{sample.name} was relayed"
                sender.drain()
            sender.ping()
            hearer.ping()
            refused = len([x for x in s.log_text().splitlines() if "tak.refused" in x])
            meant = len([x for x in batch if not x.taken])
            assert refused == meant, f"{refused} refusals, {meant} of the events are not whole: {s.log_text()[-1500:]}"
    assert len(all_samples) > 200


def test_every_event_as_xml():
    carry(v1=False)


def test_every_event_as_v1():
    carry(v1=True)


def test_v1_fields_are_those_of_ataks_core():
    """expected/: what ATAK's own networking core makes of the same events."""
    rows = {row["file"]: row for row in index("event")}
    path = os.path.join(CORPUS, "expected", "atak-commo-1.17.2.visible.jsonl")
    compared = 0
    with open(path, encoding="utf-8") as f, Server() as s:
        sender = s.phone(client=s.client("sender", relay=True))
        hearer = s.phone(client=s.client("hearer", relay=True), v1=True)
        for line in f:
            said = json.loads(line)
            if not said.get("ok") or said["file"] not in rows or not said.get("proto_mesh_hex"):
                continue
            sample = Sample(load(rows[said["file"]]), said["file"])
            if not sample.relayed or sample.addressed():
                continue
            theirs = decode(bytes.fromhex(said["proto_mesh_hex"])[3:])["cotEvent"]
            before = len(hearer.heard)
            sender.send(sample.data)
            ours = hearer.hear(lambda e: e.uid == sample.uid and e.index >= before).message["cotEvent"]
            sender.drain()
            point = sample.root.find("point")
            for name in ("type", "uid", "how", "sendTime", "startTime", "staleTime", "lat", "lon", "hae", "ce", "le"):
                if name in ("hae", "ce", "le") and number(point.get(name) if point is not None else None, None) is None:
                    continue
                assert ours.get(name) == theirs.get(name), \
                    f"{sample.name}: {name} is {ours.get(name)!r}, ATAK's is {theirs.get(name)!r}"
            mine, its = ours.get("detail", {}), theirs.get("detail", {})
            for name in ("contact", "group", "precisionLocation", "status", "takv", "track"):
                if name in mine and name in its:
                    assert mine[name] == its[name], f"{sample.name}: {name} {mine[name]} is not {its[name]}"
            compared += 1
    assert compared > 150, compared


def hostile(row, refusals):
    """Such a file, then good events: these are heard, the connection lives, the log has that many refusals at most."""
    with Server() as s:
        a, w, v = s.phone("A", "anna"), s.phone("W"), s.phone("V", v1=True)
        a.send(load(row) + b"\n")
        a.send(b"".join(events.track(f"behind-{i}") for i in range(3)))
        for phone in (w, v):
            phone.hear(uid="behind-2")  # what cannot be cut may take its neighbour with it
        a.ping()
        lines = [x for x in s.log_text().splitlines() if "tak.refused" in x]
        assert len(lines) <= refusals, (row["file"], lines)
        return lines


def test_malformed_ones_cost_one_refusal():
    for row in index("malformed-xml"):
        lines = hostile(row, 1)
        if "doctype" in row["file"] or "entity" in row["file"]:
            assert len(lines) == 1, (row["file"], lines)


def test_files_of_other_kinds():
    """Manifests, catalogues, map sources: no event at all.  A connection is lost only over what is too long to cut."""
    for row in index("xml"):
        if row["bytes"] < 200000:
            hostile(row, 1)
            continue
        with Server() as s:
            a, w = s.phone("A", "anna"), s.phone("W")
            a.send(load(row))
            try:
                a.ping()
            except Closed:
                s.wait_log("tak.closed", "anna", "262144 bytes")
            w.ping()


def recording():
    folder = os.path.join(CORPUS, "replay")
    if not os.path.isdir(folder):
        raise Skip(f"there is no recording at {folder}")
    for name in sorted(os.listdir(folder)):
        if name.endswith(".xmls.gz"):
            with gzip.open(os.path.join(folder, name)) as f:
                text = f.read()
            for found in re.finditer(rb"<event\b[^>]*/>|<event\b.*?</event>", text, re.S):
                yield found.group()


def replay(senders, forms):
    """Whoever an event is from speaks on one connection; every hearer gets all of it, in order."""
    heap = [Sample(data, f"event {n}") for n, data in enumerate(recording())]
    assert len(heap) > 1000
    with Server() as s:
        speakers = [s.phone(client=s.client(f"speaker{i}", relay=True)) for i in range(senders)]
        hearers = [s.phone(client=s.client(f"hearer{i}", relay=True), v1=form == "v1") for i, form in enumerate(forms)]
        meant, deletes, own = [], 0, {}
        for at in range(0, len(heap), 100):
            deleted = set()  # while a delete is on its way to the disk only the newest report behind it is kept
            for sample in heap[at:at + 100]:
                who = zlib.crc32(sample.uid.encode()) % senders
                if sample.taken and sample.detail.find("contact") is not None and \
                        sample.detail.find("contact").get("endpoint") and sample.type.startswith("a-"):
                    own.setdefault(sample.uid, who)
                target = sample.detail.find("link")
                if sample.type == "t-x-d-d" and target is not None and target.get("uid") in own:
                    if own[target.get("uid")] != who:  # a server's word there, a stranger's here: refused
                        deletes += 1
                        sample.relayed = False
                speakers[who].send(sample.data)
                sample.may_miss = sample.uid in deleted
                if sample.relayed and not sample.addressed():
                    meant.append(sample)
                if sample.relayed and sample.type == "t-x-d-d" and target is not None:
                    deleted.add(target.get("uid"))
                    for earlier in meant[-200:]:  # a report that its own delete caught up with
                        earlier.may_miss |= earlier.uid == target.get("uid")
            for i, phone in enumerate(speakers):
                phone.send(events.track(f"sync-{i}-{at}"), events.marker(f"sync-mark-{i}-{at}"))
            for hearer in hearers:
                for i in range(senders):
                    hearer.hear(uid=f"sync-{i}-{at}")
                    hearer.hear(uid=f"sync-mark-{i}-{at}")
            for phone in speakers:
                phone.drain()
        for hearer, form in zip(hearers, forms):
            got = {}
            for event in hearer.heard:
                got.setdefault((event.uid, event.type), []).append(event)
            for sample in meant:
                queue = got.get((sample.uid, sample.type))
                if not queue and sample.may_miss:
                    continue
                assert queue, f"{form}: {sample.name} {sample.type} {sample.uid} was not heard (again)"
                try:  # in order: the next of this uid is this one
                    (check_v1 if form == "v1" else check_xml)(sample, queue[0])
                    queue.pop(0)
                except AssertionError:
                    if not sample.may_miss:
                        raise
        for phone in speakers + hearers:
            phone.ping()
        lines = [x for x in s.log_text().splitlines() if "tak.refused" in x]
        assert len([x for x in lines if "only a device itself" in x]) == deletes, (deletes, lines[-3:])
        assert len(lines) - deletes == len([x for x in heap if not x.taken]), lines[-3:]
        s.verify()


def test_recording_replayed_by_several_phones():
    replay(5, ("xml", "v1", "xml", "v1"))


for _test in (test_every_event_as_xml, test_every_event_as_v1, test_recording_replayed_by_several_phones):
    _test.limit = 600
