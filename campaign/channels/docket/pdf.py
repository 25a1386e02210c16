"""One version of a filing as a PDF by typst: tagged, fonts embedded, no file or font of the machine, no network."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path

import typst

from campaign.channels.docket.filing import Filing, Version, mark_of, note_of, title_of
from campaign.domain.errors import Invalid

# inside the typst package; Libertinus Serif is a free font (OFL 1.1)
_FONTS = ["Libertinus Serif"]
_LAYOUT = Path(__file__).with_name("packet.typ")
_UNPRINTABLE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def pdf(filing: Filing, version: Version) -> bytes:
    """PDF/UA-1; the same bytes for the same filing. Raises Invalid for a character or word that cannot be set."""
    data = _data(filing, version)
    text = json.dumps(data)
    for each in _texts(data):
        if found := _UNPRINTABLE.search(each):
            raise Invalid(f"the character U+{ord(found[0]):04X} cannot be printed")
    with tempfile.TemporaryDirectory(prefix="countersign-packet-") as root:
        compiler = typst.Compiler(
            input=_LAYOUT.read_bytes(),
            root=root,  # empty: nothing of this machine can be read or linked to
            ignore_system_fonts=True,
            sys_inputs={"data": text},
            package_path=root,
            package_cache_path=root,
        )
        try:
            made = compiler.compile(format="pdf", pdf_standards=["ua-1"])
        except typst.TypstError as error:
            raise _fault(f"{error.message}\n{error.diagnostic}") from error
    if not isinstance(made, bytes):
        raise TypeError("typst gave no document")
    return made


def _data(filing: Filing, version: Version) -> dict[str, object]:
    return {
        "title": title_of(filing, version),
        "author": filing.submitter.name,
        "fonts": _FONTS,
        "mark": mark_of(filing, version),
        "note": note_of(filing, version),
        "docket": filing.docket,
        "submitter": filing.submitter.name,
        "date": filing.date,
        "to": filing.to_lines,
        "subject": filing.heading[0] if filing.heading else filing.subject,
        "under": filing.heading[1:],
        "salutation": filing.salutation,
        "body": filing.body(version),
        "closing": filing.closing,
        "signature": filing.signature,
    }


def _texts(data: dict[str, object]) -> list[str]:
    flat: list[str] = []
    for value in data.values():
        flat += [value] if isinstance(value, str) else [str(each) for each in value] if isinstance(value, tuple) else []
    return flat


def _fault(said: str) -> Invalid:
    if "too-wide:" in said:
        return Invalid("a word is longer than a line; put a blank into it")
    if "could not be displayed" in said or "glyph" in said:
        return Invalid("it holds a character that the printer's fonts do not have")
    return Invalid("this version cannot be printed")
