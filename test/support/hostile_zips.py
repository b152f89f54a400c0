#!/usr/bin/env python3
"""Make the archives of test/data/zip: two good ones, and one for each thing that a reader refuses.

Usage: test/support/hostile_zips.py FOLDER.  The files are in the repository; this is how they came to be.
"""
import io
import struct
import sys
import warnings
import zipfile
from pathlib import Path

warnings.simplefilter("ignore")  # a name that is there twice is what one of them is for
DAY = (2026, 1, 1, 0, 0, 0)


def info(name, mode=0o100644, how=zipfile.ZIP_DEFLATED):
    entry = zipfile.ZipInfo(name, DAY)
    entry.external_attr = mode << 16
    entry.compress_type = how
    return entry


def archive(*entries, out=None):
    out = out or io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for entry, data in entries:
            z.writestr(entry, data)
    return out.getvalue()


def patched(data, *changes):
    for old, new in changes:
        assert old in data and len(old) == len(new), (old, new)
        data = data.replace(old, new)
    return data


def at_header(data, signature, offset, packed):
    """Writes over a field of every header of that kind."""
    data, at = bytearray(data), data.find(signature)
    while at >= 0:
        data[at + offset : at + offset + len(packed)] = packed
        at = bytes(data).find(signature, at + 4)
    return bytes(data)


def flagged(data, flag):
    return at_header(at_header(data, b"PK\3\4", 6, struct.pack("<H", flag)), b"PK\1\2", 8, struct.pack("<H", flag))


def sized(data, size):
    return at_header(at_header(data, b"PK\3\4", 22, struct.pack("<I", size)), b"PK\1\2", 24, struct.pack("<I", size))


class Stream(io.RawIOBase):
    """Cannot be sought in: lengths come behind the bytes, as Java's writer does it."""

    def __init__(self):
        self.data = b""

    def writable(self):
        return True

    def write(self, data):
        self.data += bytes(data)
        return len(data)

    def getvalue(self):
        return self.data


def zip64():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z, z.open(info("a.txt"), "w", force_zip64=True) as entry:
        entry.write(b"EX text")
    data = out.getvalue()
    end = data.rindex(b"PK\5\6")
    table, start = struct.unpack("<II", data[end + 12 : end + 20])
    record = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, table, start)
    return data[:end] + record + struct.pack("<4sIQI", b"PK\6\7", 0, end, 1) + data[end:]


def overlapping():
    """The bytes of one entry are the next one whole: a small file that says it is large, without nesting."""
    inner = archive((info("b.txt", how=zipfile.ZIP_STORED), b"EX " * 100))
    inner_table, inner_end = inner.index(b"PK\1\2"), inner.index(b"PK\5\6")
    outer = archive((info("a.txt", how=zipfile.ZIP_STORED), inner[:inner_table]))
    table, end = outer.rindex(b"PK\1\2"), outer.rindex(b"PK\5\6")
    entry = bytearray(inner[inner_table:inner_end])
    entry[42:46] = struct.pack("<I", 30 + len("a.txt"))
    tail = bytearray(outer[end:])
    tail[8:16] = struct.pack("<HHI", 2, 2, end - table + len(entry))
    return outer[:end] + bytes(entry) + bytes(tail)


def nameless():
    data = archive((info("z"), b""))
    table, end = data.index(b"PK\1\2"), data.index(b"PK\5\6")
    local = data[:26] + b"\0\0" + data[28:30] + data[31:table]
    entry = data[table : table + 28] + b"\0\0" + data[table + 30 : table + 46]
    tail = data[end : end + 12] + struct.pack("<IIH", len(entry), len(local), 0)
    return local + entry + tail


text = b"EX a line of text\n" * 20
plain = archive((info("a.txt"), text))
made = {
    "good": archive((info("folder/", 0o40755), b""), (info("folder/a.txt"), text), (info("b.bin", how=0), b"\0\1\2"),
                    (info("اردو.txt"), b"EX")),
    "streamed": archive((info("a.txt"), text), out=Stream()),
    "empty": archive(),
    "absolute": archive((info("/etc/a.txt"), text)),
    "parent": archive((info("a/../../b.txt"), text)),
    "parent_end": archive((info("a/.."), text)),
    "dot": archive((info("a/./b.txt"), text)),
    "double_slash": archive((info("a//b.txt"), text)),
    "backslash": archive((info("a\\..\\b.txt"), text)),
    "drive": archive((info("C:a.txt"), text)),
    "nul": patched(plain, (b"a.txt", b"a\0txt")),
    "newline": archive((info("a\nb.txt"), text)),
    "control": archive((info("a\x1bb.txt"), text)),
    "not_utf8": patched(plain, (b"a.txt", b"a\xfftxt")),
    "no_name": nameless(),
    "long_name": archive((info("n" * 513), text)),
    "twice": archive((info("a.txt"), text), (info("b.txt"), text), (info("a.txt"), b"EX other")),
    "symlink": archive((info("a", 0o120777), b"/etc/passwd")),
    "device": archive((info("a", 0o020666), b"")),
    "encrypted": flagged(plain, 1),
    "bzip2": archive((info("a.txt", how=zipfile.ZIP_BZIP2), text)),
    "bomb": archive((info("a.txt"), bytes(4 << 20))),
    "overlapping": overlapping(),
    "zip64": zip64(),
    "longer_than_said": sized(plain, 5),
    "shorter_than_said": sized(plain, 5000),
    "wrong_checksum": at_header(at_header(plain, b"PK\3\4", 14, b"EXEX"), b"PK\1\2", 16, b"EXEX"),
    "many_said": at_header(plain, b"PK\5\6", 8, struct.pack("<HH", 5000, 5000)),
    "table_said": at_header(plain, b"PK\5\6", 12, struct.pack("<I", 2 << 20)),
    "more_than_said": at_header(archive((info("a"), b""), (info("b"), b"")), b"PK\5\6", 8, struct.pack("<HH", 1, 1)),
    "truncated": plain[: len(plain) - 30],
    "no_table": plain[: plain.index(b"PK\1\2")],
    "behind_text": b"EX this is something else\n" * 3,
}
for name, data in made.items():
    Path(sys.argv[1], name + ".zip").write_bytes(data)
