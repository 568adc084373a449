"""The moments of schedules, by another reader of patterns and zones: Python's zoneinfo, and every time of the clock tried.

Written from the rule alone (W4): where the hour field is `*` or `*/n` a time of the clock fires whenever the clock shows it;
otherwise it fires the first time that the clock shows it, and at the end of the gap if it never does.

Usage: oracle.py ZONES PATTERNS. Zones that have the same transitions from 2024 to 2030 are one group. Prints lines of JSON:
{"zones": [...], "transitions": [...]}, and behind it for each window around a transition and each pattern
{"pattern": ..., "after": ..., "until": ..., "moments": [...]}, in seconds since 1970.
"""
import json
import pathlib
import sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

FIRST, LAST = datetime(2024, 1, 1, tzinfo=timezone.utc), datetime(2031, 1, 1, tzinfo=timezone.utc)
AROUND = timedelta(hours=13)
MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()
DAYS = "SUN MON TUE WED THU FRI SAT".split()


def field(text, low, high, names=(), first=0):
    values = set()
    for part in text.split(","):
        part, _, step = part.partition("/")
        if part == "*":
            begin, end = low, high
        else:
            begin, _, end = part.partition("-")
            number = lambda name: names.index(name) + first if name in names else int(name)
            begin, end = number(begin), number(end) if end else number(begin)
        values.update(range(begin, end + 1, int(step or 1)))
    return values


class Pattern:
    def __init__(self, text):
        fields = text.split()
        seconds, minutes, hours, days, months, weekdays = fields if len(fields) == 6 else ["0", *fields]
        self.text = text
        self.follows_elapsed = hours.startswith("*")
        self.seconds = sorted(field(seconds, 0, 59))
        self.minutes = sorted(field(minutes, 0, 59))
        self.hours = sorted(field(hours, 0, 23))
        self.months = field(months, 1, 12, MONTHS, 1)
        self.days = field(days, 1, 31)
        self.weekdays = {day % 7 for day in field(weekdays, 0, 7, DAYS)}
        # Of two restricted fields for days either is enough.
        self.either = days != "*" and weekdays != "*"

    def names(self, day):
        by_month, by_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return day.month in self.months and (by_month or by_week if self.either else by_month and by_week)

    def clock_times(self, begin, end):
        day = begin.replace(hour=0, minute=0, second=0)
        while day <= end:
            if self.names(day):
                for hour in self.hours:
                    for minute in self.minutes:
                        for second in self.seconds:
                            time = day.replace(hour=hour, minute=minute, second=second)
                            if begin <= time <= end:
                                yield time
            day += timedelta(days=1)


def shown(zone, clock):
    """The moments at which the clock shows this time."""
    moments = {clock.replace(tzinfo=zone, fold=fold).astimezone(timezone.utc) for fold in (0, 1)}
    return sorted(moment for moment in moments if moment.astimezone(zone).replace(tzinfo=None, fold=0) == clock)


def transitions(zone):
    found, moment, step = [], FIRST, timedelta(hours=12)
    while moment < LAST:
        low, high = moment, moment + step
        if low.astimezone(zone).utcoffset() != high.astimezone(zone).utcoffset():
            while high - low > timedelta(seconds=1):
                middle = (low + (high - low) / 2).replace(microsecond=0)
                if middle.astimezone(zone).utcoffset() == low.astimezone(zone).utcoffset():
                    low = middle
                else:
                    high = middle
            offset = lambda at: int(at.astimezone(zone).utcoffset().total_seconds())
            found.append((int(high.timestamp()), offset(low), offset(high)))
        moment += step
    return tuple(found)


def end_of_gap(clock, around):
    for at, before, behind in around:
        begin = datetime.fromtimestamp(at + before, timezone.utc).replace(tzinfo=None)
        end = datetime.fromtimestamp(at + behind, timezone.utc).replace(tzinfo=None)
        if begin <= clock < end:
            return datetime.fromtimestamp(at, timezone.utc)
    raise SystemExit(f"{clock} is in no gap")


def moments(pattern, zone, known, after, until):
    margin = timedelta(hours=3)
    begin, end = (at.astimezone(zone).replace(tzinfo=None) for at in (after - margin, until + margin))
    found = set()
    for clock in pattern.clock_times(begin, end):
        at = shown(zone, clock)
        if pattern.follows_elapsed:
            found.update(at)
        else:
            found.add(at[0] if at else end_of_gap(clock, known))
    return sorted(int(at.timestamp()) for at in found if after < at <= until)


def main(folder, patterns):
    lines = pathlib.Path(patterns).read_text().splitlines()
    patterns = [Pattern(line) for line in lines if line and not line.startswith("#")]
    groups = {}
    for path in sorted(pathlib.Path(folder).rglob("*")):
        name = str(path.relative_to(folder))
        if name.startswith(("right", "posix")) or not path.is_file() or path.read_bytes()[:4] != b"TZif":
            continue
        with path.open("rb") as file:
            zone = ZoneInfo.from_file(file, key=name)
        offset = int(FIRST.astimezone(zone).utcoffset().total_seconds())
        groups.setdefault((offset, transitions(zone)), []).append((name, zone))
    for (_, known), members in groups.items():
        print(json.dumps({"zones": [name for name, _ in members], "transitions": [at for at, _, _ in known]}))
        zone = members[0][1]
        for at in [at for at, _, _ in known] or [int(FIRST.timestamp())]:
            moment = datetime.fromtimestamp(at, timezone.utc)
            after, until = moment - AROUND, moment + AROUND
            for pattern in patterns:
                found = moments(pattern, zone, known, after, until)
                window = {"after": int(after.timestamp()), "until": int(until.timestamp())}
                print(json.dumps({"pattern": pattern.text, **window, "moments": found}))


main(*sys.argv[1:])
