"""Charts as SVG text, drawn by the server: sizes are attributes and colors are classes, so the strict content policy holds.

Every chart is one image with a sentence that carries its finding; a `Chart` brings the same figures as a table, which
components/charts.html puts one click away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from campaign.web.formats import number, percent


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture and its table. The first column names the row; the others are figures, already in words."""

    svg: Markup
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One bar of a funnel. `share` overrides the percentage of the step before; `tone` is the bar's color class."""

    label: str
    count: int
    share: str | None = None
    time: str = ""
    strong: bool = False
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Reach:
    """Of one state's targeted offices, how many have a letter with them."""

    reached: int
    targeted: int


def meter(share: float, label: str, *, limit: float | None = None, tone: str = "") -> Markup:
    """A bar filled to `share` (0 to 1, cut there); `limit` is a line across it; tone w (advice) or p (progress)."""
    line = (
        Markup('<line class="lim" x1="{0}%" x2="{0}%" y1="0" y2="100%"/>').format(_tidy(100 * limit)) if limit else ""
    )
    return Markup(
        '<svg class="meter" role="img" aria-label="{}"><rect class="t" width="100%" height="100%"/>'
        '<rect class="v {}" width="{}%" height="100%"/>{}</svg>'
    ).format(label, tone, _tidy(100 * min(max(share, 0), 1)), line)


def families_meter(counts: Mapping[str, int], label: str) -> Markup:
    """All letters in one bar, a piece per family."""
    return _pieces(((f"f-{family}", count) for family, count in counts.items()), label)


def sparkline(values: Sequence[float], label: str) -> Markup:
    """92 x 34, oldest first; nothing for fewer than two values."""
    if len(values) < 2:
        return Markup()
    top, step = max(*values, 1), 89.6 / (len(values) - 1)
    points = [(round(i * step, 1), round(32 - 30 * value / top, 1)) for i, value in enumerate(values)]
    return Markup(
        '<svg class="spark" width="92" height="34" viewBox="0 0 92 34" role="img" aria-label="{}"><polyline points="{}" '
        'fill="none" class="s-pri" stroke-width="2"/><circle cx="{}" cy="{}" r="2.6" class="f-pri"/></svg>'
    ).format(label, " ".join(f"{x},{y}" for x, y in points), *points[-1])


def bars(values: Sequence[float], names: Sequence[str], label: str, *, unit: str = "") -> Chart:
    """One thin bar a value, oldest first, with two lines to read heights by; first, middle and last name below."""
    if len(values) != len(names) or not values:
        raise ValueError("one name a bar, and at least one bar")
    top = _round_top(max(values))
    step = 326 / len(values)
    body = Markup()
    for height in (top / 2, top):
        y = _tidy(92 - 80 * height / top)
        body += Markup('<line x1="0" x2="326" y1="{0}" y2="{0}" class="f-line"/>').format(y)
        body += _text(360, float(y) + 3.5, f"{number(height)}{unit}", size=10, anchor="end", css="fnt")
    for i, value in enumerate(values):
        tall = 80 * value / top
        body += Markup('<rect x="{}" y="{}" width="{}" height="{}" rx="1" class="f4"/>').format(
            _tidy(i * step), _tidy(92 - tall), _tidy(step * 0.75), _tidy(tall)
        )
    body += Markup('<line x1="0" x2="326" y1="92" y2="92" class="s-edge"/>')
    for x, name, anchor in _three(names):
        body += _text(x, 105, name, size=10, anchor=anchor, css="fnt")
    rows = tuple((name, number(value)) for name, value in zip(names, values, strict=True))
    return Chart(_svg("chart", "0 0 360 108", label, body), ("When", "Count"), rows)


def funnel(groups: Sequence[Sequence[Step]], label: str) -> Chart:
    """People, then letters: each group has its own scale, a dashed line between them."""
    body = Markup()
    for x, head in ((440, "count"), (526, "of step before"), (600, "median time")):
        body += _text(x, 10, head, size=11, anchor="end", css="fnt")
    rows: list[tuple[str, ...]] = []
    y = 20.0
    for place, group in enumerate(groups):
        if place:
            body += Markup('<line x1="0" x2="600" y1="{0}" y2="{0}" class="s-line" stroke-dasharray="3 3"/>').format(
                _tidy(y - 1)
            )
            y += 7
        top = max([step.count for step in group] + [1])
        before: int | None = None
        for step in group:
            share = step.share if step.share is not None else percent(step.count, before) if before is not None else ""
            body += _funnel_bar(step, y, step.count / top, share, f"f{3 if place == 0 else 4}")
            rows.append((step.label, number(step.count), share, step.time))
            before = step.count
            y += 25
    svg = _svg("chart funnel", f"0 0 600 {_tidy(y)}", label, body)
    return Chart(svg, ("Step", "Count", "Of step before", "Median time"), tuple(rows))


TILES = """
.. .. .. .. .. .. .. .. .. .. ME
AK .. .. .. .. .. .. .. .. VT NH
WA ID MT ND MN WI .. MI NY MA RI
OR NV WY SD IA IL IN OH PA NJ CT
CA UT CO NE MO KY WV VA MD DE ..
.. AZ NM KS AR TN NC SC DC .. ..
.. .. .. OK LA MS AL GA .. .. ..
HI GU MP TX AS .. .. .. FL PR VI
"""
"""The usual arrangement of states as equal squares; DC in its place, the territories in free cells of the bottom row."""


def tile_map(reach: Mapping[str, Reach], label: str) -> Chart:
    """`reach` by postal code; a state that is missing has no members. Unknown codes are a KeyError."""
    places = {
        code: (column, row)
        for row, line in enumerate(TILES.split("\n")[1:-1])
        for column, code in enumerate(line.split())
        if code != ".."
    }
    if unknown := reach.keys() - places.keys():
        raise KeyError(f"no tile for {', '.join(sorted(unknown))}")
    body = Markup().join(_tile(code, column, row, reach.get(code)) for code, (column, row) in places.items())
    rows = tuple(
        (code, number(each.reached), number(each.targeted), percent(each.reached, each.targeted))
        for code, each in sorted(reach.items())
    )
    columns = ("State", "Reached", "Targeted", "Share")
    return Chart(_svg("chart tiles", "0 0 437 317", label, body), columns, rows)


POSITIONS = ("Support", "Leaning for", "Unknown", "Leaning against", "Against")


def position_scale(place: int) -> Markup:
    """Five boxes with one filled; 0 is Support, 4 Against, as in POSITIONS. The word beside it carries the meaning."""
    boxes = Markup().join(
        Markup('<rect x="{}" y=".5" width="10" height="11" rx="2" class="{}"/>').format(
            i * 12 + 0.5, f"p-on{5 - i}" if i == place else "p-off"
        )
        for i in range(5)
    )
    return Markup('<svg viewBox="0 0 60 12" aria-hidden="true">{}</svg>').format(boxes)


def positions_bar(counts: Sequence[int], label: str) -> Chart:
    """How many offices stand at each of the five positions, Support first; the words stand below, in HTML."""
    names = [f"p-on{5 - i}" for i in range(len(counts))]
    rows = tuple((POSITIONS[i], number(count), percent(count, sum(counts))) for i, count in enumerate(counts))
    return Chart(_pieces(zip(names, counts, strict=True), label), ("Position", "Offices", "Share"), rows)


def undo_ring(seconds_left: int, of: int) -> Markup:
    """How much of the time for an undo is left; app.js lets it step each second."""
    share = _tidy(100 * min(max(seconds_left / of, 0), 1)) if of else "0"
    return Markup(
        '<svg class="ring" viewBox="0 0 44 44" aria-hidden="true"><circle cx="22" cy="22" r="19" class="rt"/>'
        '<circle cx="22" cy="22" r="19" class="rv" pathLength="100" stroke-dasharray="{} 100" '
        'transform="rotate(-90 22 22)"/><text x="22" y="27" text-anchor="middle" font-size="14" font-weight="650">{}</text>'
        "</svg>"
    ).format(share, seconds_left)


def _svg(css: str, box: str, label: str, body: Markup) -> Markup:
    return Markup('<svg class="{}" viewBox="{}" role="img" aria-label="{}">{}</svg>').format(css, box, label, body)


def _text(
    x: float, y: float, words: str, *, size: float, anchor: str = "start", css: str = "", weight: int = 450
) -> Markup:
    return Markup('<text x="{}" y="{}" font-size="{}" text-anchor="{}" font-weight="{}" class="{}">{}</text>').format(
        _tidy(x), _tidy(y), size, anchor, weight, css, words
    )


def _pieces(counts: Iterable[tuple[str, int]], label: str) -> Markup:
    """One bar in pieces of (color class, count); a piece that is not empty stays wide enough to see."""
    present = [(css, count) for css, count in counts if count]
    total = sum(count for _, count in present)
    gap, least = 0.4, 1.2
    room = 100 - gap * max(len(present) - 1, 0) - least * len(present)
    body, x = Markup(), 0.0
    for css, count in present:
        width = least + room * count / total
        body += Markup('<rect x="{}%" width="{}%" height="100%" rx="2" class="{}"/>').format(
            _tidy(x), _tidy(width), css
        )
        x += width + gap
    return Markup('<svg class="meter" role="img" aria-label="{}">{}</svg>').format(label, body)


def _funnel_bar(step: Step, y: float, share: float, of_before: str, tone: str) -> Markup:
    line = y + 12
    body = _text(0, line, step.label, size=12.5, weight=600 if step.strong else 450)
    for width, css in ((250.0, "f-sunk"), (250 * share, step.tone or tone)):
        body += Markup('<rect x="140" y="{}" width="{}" height="16" rx="3" class="{}"/>').format(
            _tidy(y), _tidy(width), css
        )
    body += _text(440, line, number(step.count), size=12.5, anchor="end", weight=650)
    body += _text(526, line, of_before, size=12.5, anchor="end", css="sub")
    return body + _text(600, line, step.time, size=12.5, anchor="end", css="sub")


def _tile(code: str, column: int, row: int, reach: Reach | None) -> Markup:
    x, y = column * 40, row * 40
    if reach is None or not reach.targeted:
        return Markup(
            '<g><title>{}: no members</title><rect x="{}" y="{}" width="36" height="36" rx="4" class="f-sunk"/>{}</g>'
        ).format(code, x + 0.5, y + 0.5, _text(x + 18.5, y + 22.5, code, size=11, anchor="middle", css="fnt"))
    if not reach.reached:
        box = Markup(
            '<rect x="{}" y="{}" width="35" height="35" rx="4" class="f-surface s-stuck" stroke-width="2" '
            'stroke-dasharray="4 2"/>'
        ).format(x + 1, y + 1)
        ink, words = "", f"{code}: 0 of {number(reach.targeted)} offices reached yet"
    else:
        fill, ink = _fill(reach.reached / reach.targeted)
        box = Markup('<rect x="{}" y="{}" width="37" height="37" rx="4" class="{}"/>').format(x, y, fill)
        words = f"{code}: {number(reach.reached)} of {number(reach.targeted)} offices reached"
    text = _text(x + 18.5, y + 16, code, size=11, anchor="middle", css=ink, weight=650)
    text += _text(x + 18.5, y + 29, f"{reach.reached}/{reach.targeted}", size=10, anchor="middle", css=ink)
    return Markup("<g><title>{}</title>{}{}</g>").format(words, box, text)


def _fill(share: float) -> tuple[str, str]:
    """Color of a tile and of the text on it; the steps are those of the legend."""
    if share >= 1:
        return "f5", "on-dark"
    if share >= 0.75:
        return "f4", "on-dark"
    return ("f3", "m3") if share >= 0.5 else ("f2", "")


def _three(names: Sequence[str]) -> list[tuple[float, str, str]]:
    marks = [(0.0, names[0], "start")]
    if len(names) > 2:
        marks.append((163.0, names[len(names) // 2], "middle"))
    if len(names) > 1:
        marks.append((326.0, names[-1], "end"))
    return marks


def _round_top(highest: float) -> float:
    """The next of 2, 4, 10, 20, 40, 100, ...: its half is a whole number too."""
    top = 2.0
    while top < highest:
        top *= 2 if str(top)[0] != "4" else 2.5
    return top


def _tidy(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
