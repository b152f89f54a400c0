"""TAK protocol v1 from its published field numbers, strict on what is received.

Only what the tests need: a dict of fields to bytes and back.  A field that is
not in the tables, a wire type that does not fit, or bytes left over are an
error: a phone's generated code would pass over them, the server has no reason
to send them.
"""
import struct

STRING, UINT, DOUBLE, MESSAGE = "string", "uint", "double", "message"

TRACK = {1: ("speed", DOUBLE), 2: ("course", DOUBLE)}
TAKV = {1: ("device", STRING), 2: ("platform", STRING), 3: ("os", STRING), 4: ("version", STRING)}
STATUS = {1: ("battery", UINT)}
PRECISION = {1: ("geopointsrc", STRING), 2: ("altsrc", STRING)}
GROUP = {1: ("name", STRING), 2: ("role", STRING)}
CONTACT = {1: ("endpoint", STRING), 2: ("callsign", STRING)}
DETAIL = {1: ("xmlDetail", STRING), 2: ("contact", CONTACT), 3: ("group", GROUP),
          4: ("precisionLocation", PRECISION), 5: ("status", STATUS), 6: ("takv", TAKV), 7: ("track", TRACK)}
EVENT = {1: ("type", STRING), 2: ("access", STRING), 3: ("qos", STRING), 4: ("opex", STRING), 5: ("uid", STRING),
         6: ("sendTime", UINT), 7: ("startTime", UINT), 8: ("staleTime", UINT), 9: ("how", STRING),
         10: ("lat", DOUBLE), 11: ("lon", DOUBLE), 12: ("hae", DOUBLE), 13: ("ce", DOUBLE), 14: ("le", DOUBLE),
         15: ("detail", DETAIL), 16: ("caveat", STRING), 17: ("releaseableTo", STRING)}
CONTROL = {1: ("minProtoVersion", UINT), 2: ("maxProtoVersion", UINT), 3: ("contactUid", STRING)}
MESSAGE_FIELDS = {1: ("takControl", CONTROL), 2: ("cotEvent", EVENT), 3: ("submissionTime", UINT),
                  4: ("creationTime", UINT)}


def varint(n):
    out = bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def take_varint(data, at):
    value = shift = 0
    while True:
        if at >= len(data):
            raise ValueError("the bytes end inside a varint")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return value, at
        if shift > 63:
            raise ValueError("a varint of more than 64 bits")


def _wire(kind):
    return {STRING: 2, UINT: 0, DOUBLE: 1}.get(kind, 2) if isinstance(kind, str) else 2


def encode(values, table=None):
    """proto3: a scalar that has its default is left out, an empty sub-message is written."""
    table = MESSAGE_FIELDS if table is None else table
    out = b""
    for number, (name, kind) in sorted(table.items()):
        if name not in values:
            continue
        value = values[name]
        key = varint(number << 3 | _wire(kind))
        if isinstance(kind, dict):
            body = encode(value, kind)
            out += key + varint(len(body)) + body
        elif kind == STRING and value:
            body = value if isinstance(value, bytes) else value.encode()
            out += key + varint(len(body)) + body
        elif kind == UINT and value:
            out += key + varint(value)
        elif kind == DOUBLE and value:
            out += key + struct.pack("<d", value)
    return out


def decode(data, table=None):
    table = MESSAGE_FIELDS if table is None else table
    values, at = {}, 0
    while at < len(data):
        key, at = take_varint(data, at)
        if key >> 3 not in table:
            raise ValueError(f"field {key >> 3} is not one of the protocol's")
        name, kind = table[key >> 3]
        if key & 7 != _wire(kind):
            raise ValueError(f"{name} has wire type {key & 7}")
        if name in values:
            raise ValueError(f"{name} stands twice")
        if kind == UINT:
            values[name], at = take_varint(data, at)
        elif kind == DOUBLE:
            if at + 8 > len(data):
                raise ValueError(f"{name} is cut off")
            values[name] = struct.unpack_from("<d", data, at)[0]
            at += 8
        else:
            length, at = take_varint(data, at)
            if at + length > len(data):
                raise ValueError(f"{name} is cut off")
            body = data[at:at + length]
            at += length
            values[name] = decode(body, kind) if isinstance(kind, dict) else body.decode("utf-8")
    return values


def frame(payload):
    return b"\xbf" + varint(len(payload)) + payload
