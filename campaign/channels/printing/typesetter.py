"""The process that sets letters: one order a line on its input, one answer a line on its output.

A process of its own, because the typesetter keeps memory, may want more than there is, and may be killed without harm to
who asked.
An order is {"letters": [data], "title", "author", "duplex", "marks", "pdf": path, "told": path}; the answer
{"pages": {id: n}, "refused": {id: words}}. The answer is written to `told` first and the PDF put into its place last, so that a
PDF which is there is whole and has its answer beside it.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import typst

from campaign.channels.printing import render

_FORGET_AFTER = 11  # compilations after which the typesetter's cache drops what none of them used


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="countersign-print-") as folder:
        forget = _Forgetting(Path(folder))
        for line in sys.stdin:
            sys.stdout.write(json.dumps(_answered(json.loads(line))) + "\n")
            sys.stdout.flush()
            forget()


def _answered(order: dict[str, Any]) -> dict[str, Any]:
    options = render.Options(duplex=order["duplex"], marks=order["marks"])
    letters, refused = order["letters"], {}
    made = _set(letters, order, options)
    if made is None:
        refused = {each["id"]: why for each in letters if (why := _why_not(each, order, options))}
        letters = [each for each in letters if each["id"] not in refused]
        made = _set(letters, order, options) if letters else None
        if letters and made is None:
            refused |= {each["id"]: "it can be printed alone, but not with the others" for each in letters}
    answer = {"pages": made.pages if made else {}, "refused": refused}
    _write(Path(order["told"]), json.dumps(answer).encode())
    if made is not None:
        _write(Path(order["pdf"]), made.pdf)
    return answer


def _set(letters: list[dict[str, Any]], order: dict[str, Any], options: render.Options) -> render.Typeset | None:
    try:
        return render.set_data(letters, order["title"], order["author"], options)
    except typst.TypstError:
        return None


def _why_not(letter: dict[str, Any], order: dict[str, Any], options: render.Options) -> str:
    try:
        render.set_data([letter], order["title"], order["author"], options)
    except typst.TypstError as error:
        return render.why(error)
    return ""


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, also when the power fails; readable by its owner alone."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.touch(0o600)
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


class _Forgetting:
    """Gives memory back: the typesetter's cache outlives a document until so many others have been set."""

    def __init__(self, folder: Path) -> None:
        page = folder / "empty.typ"
        page.write_text("")
        self._empty = typst.Compiler(input=str(page), root=str(folder), ignore_system_fonts=True)
        self._libc = ctypes.CDLL(None)

    def __call__(self) -> None:
        for _ in range(_FORGET_AFTER):
            self._empty.compile(format="pdf")
        with contextlib.suppress(AttributeError):  # glibc's own
            self._libc.malloc_trim(0)


if __name__ == "__main__":
    main()
