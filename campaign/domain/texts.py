"""One form for text: line ends, blanks, folding for search, counting. Used before counting, storing and hashing alike."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence

_LINE_ENDS = re.compile("\r\n|\r|\u2028|\u2029|\x0b|\x0c|\x85")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ud800-\udfff]")
_UNTIDY = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]| \n|\n{3}|\A\s|\s\Z")  # in ASCII
_BLANKS = re.compile(r"[ \t\u00a0]+")
_APOSTROPHES = str.maketrans(dict.fromkeys("'’‘`´ʼʹ′＇", ""))

PLACEHOLDERS = frozenset({"n/a", "na/", "-", "--", "–", "—", "null", "#n/a", "tbd", "tba", ".", "?", "none given"})
"""What spreadsheets put into empty cells. `na`, `none` and `null` alone are people's names too: only titles and phones
are checked against `PLACEHOLDER_WORDS`."""
PLACEHOLDER_WORDS = PLACEHOLDERS | {"na", "none", "nil", "unknown", "x"}


def tidy(text: str) -> str:
    """LF line ends, no control characters, no blanks at line ends, at most one empty line in a row, trimmed; NFC."""
    if text.isascii() and not _UNTIDY.search(text):
        return text  # as most are
    text = _CONTROLS.sub("", _LINE_ENDS.sub("\n", unicodedata.normalize("NFC", text)))
    lines = "\n".join(line.rstrip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip()


def tidy_line(text: str) -> str:
    """One line: blanks of every kind collapsed."""
    return _BLANKS.sub(" ", tidy(text).replace("\n", " ")).strip()


def is_placeholder(text: str) -> bool:
    """Whether a title or a phone holds only what stands in for nothing."""
    return text.strip().casefold() in PLACEHOLDER_WORDS or not text.strip()


def fold(text: str) -> str:
    """For search columns and search terms: case, accents and every apostrophe removed, so `o’brien` finds `O'Brien`."""
    text = unicodedata.normalize("NFKD", text.translate(_APOSTROPHES)).casefold()
    text = "".join(c for c in text if not unicodedata.combining(c)).translate(_LETTERS)
    return _BLANKS.sub(" ", text.replace("\n", " ")).strip()


_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})


def like(term: str) -> str:
    """A folded term as a LIKE pattern for `ESCAPE '\\'`: its own % and _ stand for themselves."""
    escaped = fold(term).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+(?:['’-][^\W_]+)*", text)


def enumerated(words: Sequence[str]) -> str:
    """ "nickel, copper and cobalt"; empty of none."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def digest(*texts: str) -> str:
    """SHA-256, hex, over the texts in their one form, a blank line between."""
    return hashlib.sha256("\n\n".join(texts).encode()).hexdigest()


def stable_hash(*texts: str) -> int:
    """64 bits, the same in every process and year: chooses wordings."""
    return int.from_bytes(hashlib.sha256("\x1f".join(texts).encode()).digest()[:8], "big")
