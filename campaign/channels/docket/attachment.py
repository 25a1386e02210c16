"""A comment that is longer than the portal's box: it goes as a file, and the box says so."""

from __future__ import annotations

from dataclasses import replace

from campaign.channels.docket.comment import DOCX, PDF, Comment, File
from campaign.channels.docket.filing import Filing, Version, safe_name
from campaign.domain.errors import Invalid, Refused


def completed(comment: Comment) -> Comment:
    """With its file, where it has to have one: the same bytes every time. Raises Refused where it has no letter to make it of."""
    if not comment.is_attached:
        return comment
    if comment.letter is None:
        raise Refused("a comment of this length needs its file", falls_through=True)
    return replace(comment, files=(file_of(comment.letter), *comment.files))


def file_of(letter: Filing) -> File:
    """The whole comment as PDF; as a Word file where it holds a character that the PDF's fonts do not have."""
    from campaign.channels.docket.pdf import pdf  # the typesetter takes memory that most processes never need

    name = f"Comment_{safe_name(letter.submitter.name)}"
    try:
        return File(f"{name}.pdf", pdf(letter, Version.PUBLIC), PDF)
    except Invalid:
        from campaign.channels.docket.word import docx

        return File(f"{name}.docx", docx(letter, Version.PUBLIC), DOCX)
