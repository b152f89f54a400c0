"""The board again, from the words of the exercise's README alone: the rule cordon-1, durations, findings.

Nothing here is taken from the program; where the two differ, the README's words decide.  `board(rows, at)`
gives what `cordon board --json` must say of the rows at a moment (datetime); the items of findings are sets,
but for the first of a duration, which is the claim it is about.
"""
from datetime import datetime, timedelta

CASUALTIES = ("killed", "injured", "missing")
THREATS = ("attackers", "devices")
COUNTERS = CASUALTIES + THREATS + ("evacuated", "sheltering")
ENDED = ("self-detonated", "shot", "in-custody", "dead", "neutralised")
FLOORS = {"roof": "roof", "rooftop": "roof", "third floor": 3, "3rd floor": 3, "fourth floor": 4, "4th floor": 4}


def time(text):
    return datetime.fromisoformat(text)


def unreliable(row):
    return row["grade"] in ("E5", "F6")


class Picture:
    """What is known at a moment: rows in order of recording, without those that are not heard yet."""

    def __init__(self, rows, at):
        self.order = {row["id"]: i for i, row in enumerate(rows) if "id" in row}
        self.rows = [row for row in rows if time(row["recorded_at"]) <= at]
        self.withdrawn = {row["withdraws"] for row in self.rows if "withdraws" in row}
        self.records = [row for row in self.rows if "record" in row]
        self.discounted = {row["report"] for row in self.records if row["record"] == "discounted"}
        self.findings = []

    def find(self, rule, items, severity="WARN", first=None):
        self.findings.append((rule, severity, first, frozenset(items)))

    def claims(self, *words):
        """Claims that still say something."""
        return [row for row in self.rows if row.get("claim") in words and row["id"] not in self.withdrawn
                and not unreliable(row)]

    def deaths(self):
        """When a verified death of somebody who was injured happened."""
        injured, died = set(), {}
        for row in self.records:
            if row["record"] == "casualty" and row.get("status") == "injured":
                injured.add(row["tag"])
            if row["record"] == "casualty_status" and row["status"] == "died" and row["verified"]:
                died[row["tag"]] = time(row["recorded_at"])
        return [at for tag, at in died.items() if tag in injured]

    def confirmed(self, dead):
        """Verified person records in the state that they are in now; a death has to be verified itself."""
        persons = {}
        for row in self.records:
            if row["record"] == "casualty":
                persons[row["tag"]] = [False, row["verified"], row["category"]]
            elif row["record"] == "casualty_status":
                persons[row["tag"]][:2] = [row["status"] == "died", row["verified"]]
        return sum(1 for died, verified, category in persons.values()
                   if verified and died == dead and category != "hostile")

    def latest(self, row):
        moment = row.get("as_of") or row.get("reported_at")
        return time(moment), self.order[row["id"]]


class Counter:
    def __init__(self, picture, name):
        self.picture, self.name = picture, name
        said = [row for row in picture.rows if row.get("counter") == name and "record" not in row
                and "withdraws" not in row]
        counts = [row for row in said if "claim" not in row]
        splits = [row for row in said if row.get("claim") == "categories"]
        self.excluded = self.out(counts)
        left = [row for row in counts if row["id"] not in self.excluded]
        self.superseded = {a["id"] for a in left for b in left
                           if a["source"] == b["source"] and picture.latest(b) > picture.latest(a)}
        left = [row for row in left if row["id"] not in self.superseded]
        self.overtaken = {a["id"] for a in left for b in left if self.overtakes(b, a)}
        self.discounted = picture.discounted & {row["id"] for row in counts} if name in THREATS else set()
        self.superseded -= self.discounted
        self.used = [row for row in left if row["id"] not in self.overtaken | self.discounted]
        self.ranges = {row["id"]: self.shifted(row) for row in self.used}
        self.splits = self.left_of(splits, left, counts)

    def out(self, claims):
        return {row["id"] for row in claims if row["id"] in self.picture.withdrawn or unreliable(row)}

    def overtakes(self, b, a):
        """Rule 2, as_of alone: 30 minutes are no tie."""
        newer = self.picture.latest(b)[0] - self.picture.latest(a)[0] > timedelta(minutes=30)
        return (self.name in CASUALTIES and a["source"] != b["source"] and newer and b["grade"][0] <= a["grade"][0]
                and b["grade"][1] <= a["grade"][1])

    def left_of(self, splits, counts, all_counts):
        """A split of a counter replaces no count; a later word of its source, or a newer count, replaces it."""
        gone = self.out(splits)
        heard = [b for b in splits + all_counts if b["id"] not in self.out(splits + all_counts)]
        return [a for a in splits if a["id"] not in gone
                and not any(a["source"] == b["source"] and self.picture.latest(b) > self.picture.latest(a) for b in heard)
                and not any(self.overtakes(b, a) for b in counts)]

    def shifted(self, row):
        by = {"killed": 1, "injured": -1}.get(self.name, 0)
        n = by * sum(1 for at in self.picture.deaths() if self.picture.latest(row)[0] < at)
        hi = row["hi"]
        return max(0, row["lo"] + n), None if hi is None else max(0, hi + n)

    def lo(self):
        return min((lo for lo, _ in self.ranges.values()), default=None)

    def hi(self):
        if not self.ranges or any(hi is None for _, hi in self.ranges.values()):
            return None
        return max(hi for _, hi in self.ranges.values())

    def accepted(self):
        figure = None
        for row in self.picture.rows:
            if row.get("record") == "accepted" and row["counter"] == self.name:
                figure = row
            elif figure and row.get("withdraws") in figure["basis"]:
                figure = None
        return figure and figure["count"]

    def confirmed(self):
        if self.name not in CASUALTIES:
            return None
        return 0 if self.name == "missing" else self.picture.confirmed(self.name == "killed")

    def as_shown(self):
        return {"lo": self.lo(), "hi": self.hi(), "sources": len({row["source"] for row in self.used}),
                "values": len(set(self.ranges.values())), "superseded": set(self.superseded),
                "overtaken": set(self.overtaken), "excluded": self.excluded, "confirmed": self.confirmed(),
                "accepted": self.accepted()}


def find_counts(p, counters):
    for name in COUNTERS:
        c = counters[name]
        if name not in THREATS and len(set(c.ranges.values())) > 1:
            p.find("count." + name, c.ranges)
        if c.confirmed() is not None and c.hi() is not None and c.confirmed() > c.hi():
            p.find("confirmed." + name, c.ranges)


def parts(row, names):
    """A category that is not named is not known, unless the named ones make up the claim's one total."""
    named = row["categories"]
    whole = "lo" in row and row["lo"] == row["hi"] == sum(named.values())
    return [named.get(name, 0 if whole else None) for name in names]


def contradict(a, b):
    names = a["categories"].keys() | b["categories"].keys()
    return any(x is not None and y is not None and x != y for x, y in zip(parts(a, names), parts(b, names)))


def find_categories(p, counters):
    for name in CASUALTIES:
        c = counters[name]
        split = [row for row in c.used + c.splits if row.get("categories")]
        items = set()
        for a in split:
            total = sum(a["categories"].values())
            if "lo" in a and (total < a["lo"] or (a["hi"] is not None and total > a["hi"])):
                items.add(a["id"])
            if any(contradict(a, b) for b in split):
                items.add(a["id"])
        if items:
            p.find("category." + name, items)


def find_threats(p, counters):
    for name, kind in (("attackers", "person"), ("devices", "device")):
        outcomes = {row["threat"]: row["id"] for row in p.records
                    if row["record"] == "threat_outcome" and row.get("threat_kind", "person") == kind}
        above = [i for i, (_, hi) in counters[name].ranges.items() if hi is None or hi > len(outcomes)]
        if above:
            p.find("threat.open", above + list(outcomes.values()))


def find_command(p):
    held = [row for row in p.records if row["record"] == "command"]
    said = [row for row in p.claims("commander")
            if not held or (row["who"] != held[-1]["who"] and not
                            (row["who"] in [h["who"] for h in held] and p.order[row["id"]] < p.order[held[-1]["id"]]))]
    names = {row["who"] for row in said} | {row["who"] for row in held[-1:]}
    if said and len(names) > 1:
        p.find("command.conflict", [row["id"] for row in held[-1:] + said])


def find_places(p):
    said = [(row["id"], row["as_spoken"]) for row in p.claims("place")]
    ends = {row["threat"]: (row["id"], row["place_as_spoken"]) for row in p.records
            if row["record"] == "threat_outcome" and row.get("subject") == "detonation"}
    said += ends.values()
    if len({FLOORS[words] for _, words in said}) > 1:
        p.find("place.conflict", [i for i, _ in said])


def find_times(p):
    for word in ("start", "end", "cleared"):
        said = p.claims(word)
        items = {a["id"] for a in said for b in said
                 if abs((time(a["at"]) - time(b["at"])).total_seconds()) > a["unc_s"] + b["unc_s"]}
        if items:
            p.find("time.conflict", items)


def find_durations(p):
    for claim in p.claims("duration"):
        pair = []
        for words in (("start",), ("end", "cleared")):
            said = p.claims(*words)
            own = [row for row in said if row["source"] == claim["source"]]
            pair.append(own[-1] if own else min(said, key=lambda row: row["grade"], default=None))
        if None in pair:
            continue
        n = (time(pair[1]["at"]) - time(pair[0]["at"])).total_seconds() / 60
        u = (pair[0]["unc_s"] + pair[1]["unc_s"]) / 60
        lo, hi = claim["minutes_lo"], claim["minutes_hi"]
        hi = float("inf") if hi is None else hi
        verdict = "ok" if lo <= n <= hi else "strained" if n + u >= lo and n - u <= hi else "impossible"
        p.find("duration." + verdict, [claim["id"]] + [row["id"] for row in pair],
               "INFO" if verdict == "ok" else "WARN", claim["id"])


def find_statements(p):
    """Statements of the exercise: that the forces killed all, that all are in custody."""
    against = {"killed": ("self-detonated", "in-custody"), "custody": ("self-detonated", "shot", "dead", "neutralised")}
    outcomes = {row["threat"]: (row["id"], row["outcome"]) for row in p.records if row["record"] == "threat_outcome"}
    for claim in p.claims("statement"):
        for word, ends in against.items():
            items = [i for i, outcome in outcomes.values() if word in claim["text"] and outcome in ends]
            if items:
                p.find("statement.unsupported", [claim["id"]] + items, first=claim["id"])


def board(rows, at):
    p = Picture(rows, at)
    counters = {name: Counter(p, name) for name in COUNTERS}
    find_counts(p, counters)
    find_categories(p, counters)
    find_threats(p, counters)
    find_command(p)
    find_places(p)
    find_times(p)
    find_durations(p)
    find_statements(p)
    return {"counters": {name: c.as_shown() for name, c in counters.items()}, "findings": set(p.findings)}
