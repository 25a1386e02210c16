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


def blocks(text: str) -> list[Block]:
    """Every line of the text, grouped; quoted lines keep their marks. A line that introduces a quote belongs to it."""
    found: list[tuple[bool, list[str]]] = []
    for line in text.split("\n"):
        quoted = line.lstrip().startswith(">") or _ATTRIBUTION.match(line) is not None
        if (not line.strip() and found) or (found and found[-1][0] is quoted):
            found[-1][1].append(line)
        else:
            found.append((quoted, [line]))
    return [Block(quoted, stripped) for quoted, lines in found if (stripped := "\n".join(lines).strip("\n"))]


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
