"""The one way that XML of others is read here: no DTD, no entities, no network, no surprises of size."""

from __future__ import annotations

from typing import Any

from lxml import etree

from campaign.domain.errors import Invalid

MOST = 2 * 1024 * 1024  # octets; a message of two full texts in four-octet letters has a tenth of it


def parse(raw: bytes) -> Any:
    """The root element. Raises Invalid, without a word of the document, for what is not one well-formed document without DTD."""
    if len(raw) > MOST:
        raise Invalid(f"The document is too long: at most {MOST:,} octets.", "too_long")
    try:
        root = etree.fromstring(raw, _parser())
    except etree.XMLSyntaxError as error:
        where = f" (line {error.lineno})" if error.lineno else ""
        raise Invalid(f"This is not one well-formed XML document{where}.", "not_well_formed") from None
    except ValueError:
        raise Invalid("This is not one well-formed XML document.", "not_well_formed") from None
    if root.getroottree().docinfo.internalDTD is not None or any(True for _ in root.iter(etree.Entity)):
        raise Invalid("The document has a DTD, which no gateway takes: send it without.", "dtd")
    return root


def _parser() -> Any:
    return etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        recover=False,
    )
