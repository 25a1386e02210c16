"""The filing packet for a portal without an interface: what the member uploads, pastes and checks, and says afterwards."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from campaign.channels.base import Line
from campaign.channels.docket.comment import DOCX, PDF
from campaign.channels.docket.filing import Filing, Version, certified_sentence, file_name
from campaign.domain import brackets
from campaign.domain.channels import ChannelName
from campaign.domain.errors import Invalid, Misconfigured, WrongState
from campaign.domain.parcels import Parcel

KINDS = ("pdf", "docx")
PORTAL = "https://comments.ustr.gov"


@dataclass(frozen=True, slots=True)
class Piece:
    """One file of the packet, named by the notices' rules and not yet made."""

    name: str
    version: Version
    kind: str  # pdf or docx

    @property
    def sensitivity(self) -> str:
        """What the portal's upload page asks for each file."""
        return "Public document" if self.version is Version.PUBLIC else "Business confidential"


@dataclass(frozen=True, slots=True)
class Packet:
    """Everything but the files themselves: these are made when somebody asks for them."""

    pieces: tuple[Piece, ...]
    comment: str  # for the portal's comment box
    certification: str  # empty where nothing is confidential
    checklist: tuple[str, ...]
    link: str  # the portal's form for this docket


class PacketChannel:
    """Implements Channel; nothing is sent by a machine here."""

    name = ChannelName.DOCKET_PACKET
    repeat_is_safe = False

    def problems(self, parcel: Parcel) -> list[str]:
        """What stops the packet, each with its line. A parcel without a filing is judged by its text."""
        filing = parcel.cargo
        text = filing.text if isinstance(filing, Filing) else parcel.body
        if not text.strip():
            return ["the letter has no text"]
        return [f"Line {fault.line}: {fault.message}" for fault in brackets.faults(text)]

    def open(self) -> Line:
        raise Misconfigured("a person finishes this")


def packet(filing: Filing) -> Packet:
    """Raises Invalid, with the line, when the brackets do not hold what they shall hide, and WrongState where what they hide
    has not been certified."""
    if found := brackets.faults(filing.text):
        raise Invalid(f"Line {found[0].line}: {found[0].message}", "brackets")
    if Version.CONFIDENTIAL in filing.versions and not filing.reason:
        raise WrongState("Say first why the passages in brackets are confidential, and certify it.")
    pieces = tuple(
        Piece(file_name(version, filing.submitter.name, kind), version, kind)
        for version in filing.versions
        for kind in KINDS
    )
    return Packet(pieces, _comment(filing), certification(filing), _checklist(filing), link(filing))


def make(filing: Filing, piece: Piece) -> bytes:
    """The bytes of one file. Raises Invalid for what cannot be printed."""
    if piece.kind == "pdf":
        from campaign.channels.docket.pdf import pdf  # the typesetter takes memory that most processes never need

        return pdf(filing, piece.version)
    from campaign.channels.docket.word import docx

    return docx(filing, piece.version)


def media_type(piece: Piece) -> str:
    return PDF if piece.kind == "pdf" else DOCX


def zipped(filing: Filing, made: Packet) -> bytes:
    """All files and the texts, in one archive without dates."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for piece in made.pieces:
            archive.writestr(zipfile.ZipInfo(piece.name), make(filing, piece))
        archive.writestr(zipfile.ZipInfo("Read_me_first.txt"), _read_me(filing, made))
    return out.getvalue()


def link(filing: Filing) -> str:
    """The portal's form for this docket. An address that staff entered for the docket wins over the known one."""
    own = urlsplit(filing.portal_url)
    if own.hostname and own.query:
        return filing.portal_url
    base = filing.portal_url.rstrip("/") if own.hostname else PORTAL
    return f"{base}/s/submit-new-comment?{urlencode({'docketNumber': filing.docket})}"


def certification(filing: Filing) -> str:
    """What the filer certified, with their reason; empty where nothing is confidential."""
    if Version.CONFIDENTIAL not in filing.versions:
        return ""
    reason = filing.reason if filing.reason.endswith((".", "!", "?")) else f"{filing.reason}."
    return f"{certified_sentence(filing)} Reason: {reason}"


def _comment(filing: Filing) -> str:
    named = ", ".join(file_name(version, filing.submitter.name, "pdf") for version in filing.versions)
    text = f"Please see the attached comments of {filing.submitter.name} on Docket No. {filing.docket} ({named})."
    return " ".join(part for part in (text, certification(filing)) if part)


def _checklist(filing: Filing) -> tuple[str, ...]:
    pair = Version.CONFIDENTIAL in filing.versions
    return (
        f"The docket number on the portal's page is {filing.docket}.",
        f"The organization is {filing.submitter.organization}."
        if filing.submitter.organization
        else "Your name is right.",
        *(
            (
                "The file that begins with BCI is marked business confidential, the one that begins with P public.",
                "You have read the public version: nothing confidential is left in it.",
                "The certification, with your reason, stands in the comment box or where the form asks for it.",
            )
            if pair
            else ("The file is marked public, and nothing in it is confidential.",)
        ),
        "No separate cover letter; exhibits, if any, are in the same file.",
        "You keep the confirmation number that the portal shows at the end.",
    )


def _read_me(filing: Filing, made: Packet) -> str:
    who = filing.submitter
    lines = [
        f"Docket No. {filing.docket}: {filing.docket_title}",
        f"Where: {made.link}",
        "",
        "Submitter",
        *(f"  {label}: {value}" for label, value in submitter_block(filing) if value),
        "",
        "Files",
        *(f"  {piece.name}: {piece.sensitivity}" for piece in made.pieces),
        "",
        "Comment box",
        f"  {made.comment}",
        "",
        "Before you submit",
        *(f"  [ ] {line}" for line in made.checklist),
        "",
        f"Upload the PDF or the Word file of each version, not both. Prepared for {who.name}.",
    ]
    return "\r\n".join(lines) + "\r\n"


def submitter_block(filing: Filing) -> tuple[tuple[str, str], ...]:
    """The fields of the portal's first page, in its order."""
    who = filing.submitter
    return (
        ("Organization", who.organization),
        ("First name", who.first),
        ("Last name", who.last),
        ("Email", who.email),
    )
