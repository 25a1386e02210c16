"""A mail as it came: its beginning in memory, the whole only in pieces, so that 25 MB cost no more than 2 MB to read and keep."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HEAD = 1024 * 1024  # octets that are parsed; the rest of a large mail is attachments
PIECE = 1024 * 1024  # octets of one piece
MAX_RAW = 25 * 1024 * 1024  # octets that are kept of one mail


@dataclass(frozen=True, slots=True)
class RawMail:
    """`digest` is SHA-256 over all octets, in hex. `size` counts them, at most MAX_RAW."""

    head: bytes
    size: int
    digest: str
    file: Path | None = None

    @classmethod
    def of(cls, raw: bytes) -> RawMail:
        return cls(raw, len(raw), hashlib.sha256(raw).hexdigest())

    @classmethod
    def read(cls, file: Path) -> RawMail:
        """A file is read to its end once, for the digest. Raises OSError."""
        with file.open("rb") as opened:
            head = opened.read(HEAD)
            if len(head) < HEAD:
                return cls.of(head)
            digest, size = hashlib.sha256(head), len(head)
            while size < MAX_RAW and (piece := opened.read(min(PIECE, MAX_RAW - size))):
                digest.update(piece)
                size += len(piece)
        return cls(head, size, digest.hexdigest(), file)

    def pieces(self) -> Iterator[bytes]:
        """All octets, a piece at a time; nothing for an empty mail. Raises OSError when the file is gone."""
        if self.file is None:
            for start in range(0, self.size, PIECE):
                yield self.head[start : start + PIECE]
            return
        left = self.size
        with self.file.open("rb") as opened:
            while left and (piece := opened.read(min(PIECE, left))):
                left -= len(piece)
                yield piece
