"""One version of a filing as a Word document, with the mark in the head of each page."""

from __future__ import annotations

import io
from datetime import UTC, datetime

from docx import Document
from docx.document import Document as DocumentType
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Inches, Pt
from docx.text.paragraph import Paragraph

from campaign.channels.docket.filing import Filing, Version, mark_of, note_of, title_of

_FONT = "Times New Roman"
_MADE_AT = datetime(2000, 1, 1, tzinfo=UTC)  # the day of filing is the portal's to say


def docx(filing: Filing, version: Version) -> bytes:
    """Raises ValueError for control characters, which no signed text holds."""
    document = Document()
    _set_up(document, filing, version)
    document.add_paragraph(filing.date)
    _lines(document, filing.to_lines)
    for number, line in enumerate(filing.heading or (filing.subject,)):
        heading = document.add_paragraph(line, style="Heading 1" if number == 0 else None)
        heading.paragraph_format.space_after = Pt(0 if number + 1 < len(filing.heading) else 10)
    document.add_paragraph(filing.salutation)
    for text in filing.body(version):
        _lines(document, text.split("\n"))
    closing = document.add_paragraph(filing.closing)
    closing.paragraph_format.space_after = Pt(36)
    closing.paragraph_format.keep_with_next = True
    _lines(document, filing.signature).paragraph_format.keep_together = True
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _set_up(document: DocumentType, filing: Filing, version: Version) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Inches(8.5), Inches(11)
    section.left_margin = section.right_margin = Inches(1)
    section.top_margin, section.bottom_margin = Inches(1.15), Inches(1)
    for name, size, bold in (("Normal", 11, False), ("Heading 1", 11, True)):
        style = document.styles[name]
        style.font.name, style.font.size, style.font.bold = _FONT, Pt(size), bold
        style.font.color.rgb = None
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for attribute in list(fonts.attrib):
            if attribute.endswith("Theme"):
                del fonts.attrib[attribute]
        fonts.set(qn("w:eastAsia"), _FONT)
    mark = section.header.paragraphs[0]
    mark.alignment = WD_ALIGN_PARAGRAPH.CENTER
    words = mark.add_run(mark_of(filing, version))
    words.bold, words.font.size = True, Pt(12)
    if note := note_of(filing, version):
        small = section.header.add_paragraph()
        small.alignment = WD_ALIGN_PARAGRAPH.CENTER
        small.add_run(note).font.size = Pt(9)
    foot = section.footer.paragraphs[0]
    foot.add_run(f"Docket No. {filing.docket} · {filing.submitter.name} · Page ").font.size = Pt(9)
    _field(foot, "PAGE")
    foot.add_run(" of ").font.size = Pt(9)
    _field(foot, "NUMPAGES")
    _properties(document, filing, version)


def _properties(document: DocumentType, filing: Filing, version: Version) -> None:
    said = document.core_properties
    said.title = title_of(filing, version)
    said.author = said.last_modified_by = filing.submitter.name
    said.comments, said.language = "", "en-US"
    said.created = said.modified = _MADE_AT.replace(tzinfo=None)


def _lines(document: DocumentType, lines: tuple[str, ...] | list[str]) -> Paragraph:
    """One paragraph with its line breaks."""
    paragraph = document.add_paragraph()
    for number, line in enumerate(lines):
        run = paragraph.add_run(line)
        if number + 1 < len(lines):
            run.add_break()
    paragraph.paragraph_format.widow_control = True
    return paragraph


def _field(paragraph: Paragraph, code: str) -> None:
    """A field that the word processor fills in."""
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), code)
    run = paragraph.add_run("1")
    run.font.size = Pt(9)
    field.append(run._r)  # noqa: SLF001 - the library has no field
    paragraph._p.append(field)  # noqa: SLF001
