"""Whose words are whose in a reply: blocks of quoted and of own lines, in the order in which they stand."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ATTRIBUTION = re.compile(
    r"^\s*(?:on\b.{5,200}\bwrote:|.{3,120}<[^<>]*@[^<>]*> wrote:|-+ ?original message ?-+|from: .{3,200})\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Block:
    quoted: bool
    text: str


_HEAD_BEGINS = re.compile(r"^\s*\*?(?:from|von|de):\*?\s.{2,}$", re.IGNORECASE)
_HEAD_GOES_ON = re.compile(r"^\s*\*?(?:sent|date|to|cc|subject):\*?\s", re.IGNORECASE)


def blocks(text: str) -> list[Block]:
    """Every line of the text, grouped; quoted lines keep their marks. Lines that introduce a quote belong to it; below the
    head that Outlook sets over a quote (From, Sent, To, Subject) everything is quoted, as nothing marks its end."""
    found: list[tuple[bool, list[str]]] = []
    lines = text.split("\n")
    introduced, rest = -1, False
    for number, line in enumerate(lines):
        rest = rest or _is_head(lines, number)
        if line[:200].lstrip().lower().startswith("on ") and number + 1 < len(lines):
            both = f"{line[:200]} {lines[number + 1][:200]}"
            introduced = number + 1 if not _introduces(line) and _introduces(both) else introduced
        quoted = rest or line.lstrip().startswith(">") or _introduces(line) or introduced in (number, number + 1)
        if (not line.strip() and found) or (found and found[-1][0] is quoted):
            found[-1][1].append(line)
        else:
            found.append((quoted, [line]))
    return [Block(quoted, stripped) for quoted, lines in found if (stripped := "\n".join(lines).strip("\n"))]


def _introduces(line: str) -> bool:
    return len(line) <= 500 and _ATTRIBUTION.match(line) is not None


def _is_head(lines: list[str], number: int) -> bool:
    if len(lines[number]) > 500 or not _HEAD_BEGINS.match(lines[number]):
        return False
    after = [line[:200] for line in lines[number + 1 : number + 6] if line.strip()]
    return sum(_HEAD_GOES_ON.match(line) is not None for line in after) >= 2


def own_text(text: str) -> str:
    """Without the quoted lines: what counts as theirs."""
    return "\n\n".join(block.text.strip() for block in blocks(text) if not block.quoted)


def answers_inline(text: str) -> bool:
    """Whether own lines stand between quoted ones: then they answer what was written."""
    quoted = [block.quoted for block in blocks(text)]
    return any(not here and True in quoted[:place] and True in quoted[place + 1 :] for place, here in enumerate(quoted))


def preview(text: str) -> str:
    """The first own line; of a mail that only quotes, nothing."""
    return next((line.strip() for line in own_text(text).split("\n") if line.strip()), "")[:200]
