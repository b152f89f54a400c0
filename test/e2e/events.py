"""CoT events as phones write them."""
import datetime
import itertools
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import escape, quoteattr

from takproto import encode, frame

_number = itertools.count(1)


def fresh(prefix="id"):
    """A name that was not used before in this run."""
    return f"{prefix}-{next(_number)}"


def stamp(seconds=0.0):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def millis(text):
    at = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=datetime.timezone.utc)
    return round(at.timestamp() * 1000)


def event(uid, type, detail="", how="m-g", lat="48.1", lon="11.5", hae="520.0", stale=75.0, time=None, attrs="",
          point=None):
    now = time or stamp()
    until = stale if isinstance(stale, str) else stamp(stale)
    place = f'<point lat="{lat}" lon="{lon}" hae="{hae}" ce="9.9" le="9999999.0"/>' if point is None else point
    how = f' how="{how}"' if how is not None else ""
    return (f'<event version="2.0" uid={quoteattr(uid)} type="{type}"{how} time="{now}" start="{now}" '
            f'stale="{until}"{attrs}>{place}<detail>{detail}</detail></event>').encode()


def dests(callsigns=(), uids=(), groups=()):
    inner = "".join(f"<dest callsign={quoteattr(c)}/>" for c in callsigns)
    inner += "".join(f"<dest uid={quoteattr(u)}/>" for u in uids)
    inner += "".join(f"<dest group={quoteattr(g)}/>" for g in groups)
    return f"<marti>{inner}</marti>" if inner else ""


def position(uid, callsign, extra="", team="Cyan", **more):
    """A phone's report of itself: a presence."""
    return event(uid, "a-f-G-U-C",
                 '<takv device="SAMSUNG SM-G998" platform="ATAK-CIV" os="33" version="4.6.0.5"/>'
                 f'<contact callsign={quoteattr(callsign)} endpoint="*:-1:stcp"/>'
                 f'<__group name="{team}" role="Team Member"/><status battery="78"/>'
                 f'<track speed="1.2" course="271.0"/>{extra}', **more)


def track(uid, extra="", **more):
    """A thing that is seen, not a phone: no endpoint."""
    return event(uid, "a-n-A-C-F", f'<contact callsign="{uid}"/>{extra}', how="m-g", **more)


def marker(uid, text="marker", extra="", type="b-m-p-s-m", stale=3600.0, **more):
    return event(uid, type, f'<contact callsign="{uid}"/><remarks>{escape(text)}</remarks><archive/>{extra}',
                 how="h-g-i-g-o", stale=stale, **more)


def delete(uid, type="b-m-p-s-m", event_uid=None, extra="<__forcedelete/>"):
    return event(event_uid or fresh("delete"), "t-x-d-d",
                 f'<link uid="{uid}" type="{type}" relation="none"/>{extra}', how="h-g-i-g-o", stale=20.0,
                 lat="0", lon="0", hae="0")


def chat(sender, callsign, text, room="All Chat Rooms", room_name=None, members=(), dest="", message=None,
         stale=86400.0):
    message = message or fresh("message")
    listed = "".join(f' uid{i + 1}="{m}"' for i, m in enumerate(members or (room,)))
    return event(f"GeoChat.{sender}.{room}.{message}", "b-t-f",
                 f'<__chat id="{room}" chatroom="{room_name or room}" senderCallsign="{callsign}" '
                 f'parent="RootContactGroup" groupOwner="false" messageId="{message}">'
                 f'<chatgrp id="{room}" uid0="{sender}"{listed}/></__chat>'
                 f'<link uid="{sender}" type="a-f-G-U-C" relation="p-p"/>'
                 f'<remarks source="BAO.F.ATAK.{sender}" to="{room}" time="{stamp()}">{escape(text)}</remarks>{dest}',
                 how="h-g-i-g-o", stale=stale, lat="0", lon="0", hae="0")


def direct(sender, callsign, to_uid, to_callsign, text, **more):
    """As ATAK sends it: room is the peer, marti/dest names its callsign."""
    return chat(sender, callsign, text, room=to_uid, room_name=to_callsign, dest=dests(callsigns=[to_callsign]), **more)


def receipt(kind, message, sender, to_uid, to_callsign):
    return event(message, f"b-t-f-{kind}",
                 f'<__chatreceipt id="{to_uid}" chatroom="{to_callsign}" senderCallsign="{sender}" '
                 f'parent="RootContactGroup" groupOwner="false" messageId="{message}">'
                 f'<chatgrp id="{to_uid}" uid0="{sender}" uid1="{to_uid}"/></__chatreceipt>'
                 f'<link uid="{sender}" type="a-f-G-U-C" relation="p-p"/>' + dests(callsigns=[to_callsign]),
                 how="h-g-i-g-o", stale=86400.0)


def emergency(device, callsign, kind="911 Alert", type="b-a-o-tbl", **more):
    return event(f"{device}-9-1-1", type,
                 f'<link uid="{device}" type="a-f-G-U-C" relation="p-p"/><contact callsign="{callsign}-Alert"/>'
                 f'<emergency type="{kind}">{callsign}</emergency>', stale=10.0, **more)


def cancel(device, callsign):
    return event(f"{device}-9-1-1", "b-a-o-can",
                 f'<link uid="{device}" type="a-f-G-U-C" relation="p-p"/><contact callsign="{callsign}-Alert"/>'
                 f'<emergency cancel="true">{callsign}</emergency>', stale=10.0)


def casevac(uid, **more):
    return event(uid, "b-r-f-h-c", '<_medevac_ title="MED.1" casevac="true" freq="0.0" urgent="1" litter="1" '
                 'security="0" hlz_marking="3" unexpected_attribute="kept"/><contact callsign="MED.1"/>', how="h-e",
                 stale=3600.0, **more)


def fileshare(uid, name, dest=""):
    return event(uid, "b-f-t-r", f'<fileshare filename="{name}.zip" senderUrl="https://h/Marti/sync/content?hash=0" '
                 f'sizeInBytes="10" sha256="{"0" * 64}" senderUid="S" senderCallsign="S" name="{name}"/>'
                 f'<ackrequest uid="{uid}" ackrequested="true" tag="{name}"/>{dest}', how="h-e", stale=10.0)


def ping(device):
    return event(f"{device}-ping", "t-x-c-t", stale=10.0)


def request(uid="protouid", version="1"):
    return event(uid, "t-x-takp-q", f'<TakControl><TakRequest version="{version}"/></TakControl>', stale=60.0)


def v1(uid, type, detail=None, how="m-g", lat=48.1, lon=11.5, hae=520.0, ce=9.9, le=9999999.0, time=None, stale=75.0,
       **fields):
    now = millis(time or stamp())
    values = {"type": type, "uid": uid, "sendTime": now, "startTime": now, "staleTime": now + int(stale * 1000),
              "how": how, "lat": lat, "lon": lon, "hae": hae, "ce": ce, "le": le, **fields}
    if detail is not None:
        values["detail"] = detail
    return frame(encode({"cotEvent": values}))


def v1_position(uid, callsign, xml="", **more):
    return v1(uid, "a-f-G-U-C", {"contact": {"endpoint": "*:-1:stcp", "callsign": callsign},
                                 "group": {"name": "Cyan", "role": "Team Member"}, "status": {"battery": 78},
                                 "takv": {"device": "SAMSUNG SM-G998", "platform": "ATAK-CIV", "os": "33",
                                          "version": "4.6.0.5"},
                                 "track": {"speed": 1.2, "course": 271.0}, "xmlDetail": xml}, **more)


def v1_ping(device):
    return v1(f"{device}-ping", "t-x-c-t", {}, stale=10.0)


def as_v1(xml):
    """An event of the above as ATAK's core sends it after the change to v1: contact in its own field, the rest as XML."""
    root = ElementTree.fromstring(xml)
    detail, fields, rest = root.find("detail"), {}, ""
    for child in detail:
        if child.tag == "contact" and not set(child.attrib) - {"callsign", "endpoint"}:
            fields["contact"] = dict(child.attrib)
        else:
            rest += ElementTree.tostring(child, "unicode")
    point = {k: float(v) for k, v in root.find("point").attrib.items()}
    return v1(root.get("uid"), root.get("type"), fields | {"xmlDetail": rest}, how=root.get("how"), time=root.get("time"),
              stale=(millis(root.get("stale")) - millis(root.get("time"))) / 1000, **point)
