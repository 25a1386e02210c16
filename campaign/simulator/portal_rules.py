"""What the simulated regulations.gov refuses in a comment: written from its guide, apart from our client on purpose."""

from __future__ import annotations

from typing import Any

from campaign.simulator.portal_store import PortalStore

_LIMITS = {
    "comment": 5000,
    "firstName": 25,
    "lastName": 25,
    "organization": 120,
    "email": 100,
    "city": 50,
    "stateProvinceRegion": 50,
    "phone": 50,
    "country": 50,
    "zip": 10,
}
_NEEDED = {
    "ANONYMOUS": (),
    "INDIVIDUAL": ("firstName", "lastName"),
    "ORGANIZATION": ("organization", "organizationType"),
}
_BEGINS = {"pdf": b"%PDF-", "docx": b"PK"}
_KNOWN = frozenset(
    {
        *_LIMITS,
        "commentOnDocumentId",
        "submissionType",
        "submitterType",
        "organizationType",
        "sendEmailReceipt",
        "category",
        "submissionKey",
        "files",
        "numItemsReceived",
    }
)


def comment_fault(said: dict[str, Any], store: PortalStore) -> str:
    """The first thing that is wrong with these attributes; empty when they are right."""
    if unknown := sorted(set(said) - _KNOWN):
        return f"{unknown[0]} is not known"
    if said.get("submissionType") != "API":
        return "submissionType must be API"
    if said.get("submitterType") not in _NEEDED:
        return "submitterType must be ANONYMOUS, INDIVIDUAL or ORGANIZATION"
    for name in ("comment", *_NEEDED[said["submitterType"]]):
        if not str(said.get(name) or "").strip():
            return f"{name} is required"
    if said.get("sendEmailReceipt") and not said.get("email"):
        return "email is required when sendEmailReceipt is true"
    for name, limit in _LIMITS.items():
        text = str(said.get(name) or "")
        if len(text) > limit or len(text.encode()) > limit:
            return f"{name} must have at most {limit} characters and bytes"
    if any(0x1F000 <= ord(c) <= 0x1FAFF for c in said["comment"]):
        return "comment must not hold emoji"
    return _files_fault(said, store)


def _files_fault(said: dict[str, Any], store: PortalStore) -> str:
    names = said.get("files") or []
    if not isinstance(names, list) or len(names) > 20:
        return "files must be a list of at most 20 names"
    here = store.files(str(said.get("submissionKey") or "")) if names else {}
    if not set(names) <= set(here):
        return "a file has not been uploaded under this submissionKey"
    for name in names:
        if not here[name].startswith(_BEGINS.get(name.rpartition(".")[2].lower(), b"?")):
            return f"the file {name} is no PDF and no Word file"
    return ""
