"""What the gateways say, as outcomes, and their words without anything of the constituent in them.

A body may echo what was sent. So no word of it is passed on unless it is an element's name, a seat's code, or one of the
words that error texts of schema validators are made of.
"""

from __future__ import annotations

import re

from campaign.channels.cwc import schema, seats, xml
from campaign.channels.cwc.gateway import Gateway
from campaign.channels.http import Answer
from campaign.domain.districts import Chamber
from campaign.domain.errors import IN_DOUBT, ChannelError, Invalid, Misconfigured, Refused, TryLater, Unclear
from campaign.domain.parcels import Outcome, Receipt

_MOST_ERRORS = 20
_LONGEST = 300
_ELEMENTS = frozenset(each.name for each in schema.document(Chamber.HOUSE).walk())
_WORDS = """
    a accepted according active actual agent already an and application are as at attribute authorized bad be been
    cannot child code constraint contain content content-type correct could data datatype date decimal declared
    delivered delivery did disabled doctype document does dtd duplicate element elements email empty enabled
    encoding entity enumeration error errors exceeded exist exists expect expected expecting extra facet fail
    failed fails for format found fractiondigits from given got greater has have id in inactive incomplete integer
    interleave internal invalid is it its key known least length less limit list longer match matches maximum
    maxlength member message minimum minlength missing more must name namespace next no not nothing occurred of
    office one only or order parse parsing pattern payload please possible provided received recognized registered
    rejected repeated request required root schema sequence server service short shorter string such suspended
    temporarily text than that the there this time to token too totaldigits twice type unable unavailable
    unexpected unknown unregistered unsupported used valid validate validated validating validation value values
    was well-formed while whitespace with xml
"""
_SAFE = frozenset(_WORDS.split())
_TOKEN = re.compile(r"[^\W_]+(?:[-_][^\W_]+)*|[^\w\s]|_")
_POINTS = ".,:;-()"
_QUOTES = "'\"‘’“”`"
_NOT_ENABLED = re.compile(
    r"\bnot (?:currently )?(?:enabled|active|participating)\b|\b(?:is|are) inactive\b|\bdoes not participate\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
"""What may repeat the constituent's own words."""
_PAGE = re.compile(r"\s*(?:<!doctype html|<html\b)", re.IGNORECASE)
_XML_LIKE = re.compile(r"\s*<")


def errors(answer: Answer) -> list[str]:
    """The errors that a body tells, scrubbed, each once, in its order; plain text is one error, a web page or nothing is none."""
    return list(dict.fromkeys(scrubbed(text) for text in _texts(answer) if text.strip()))[:_MOST_ERRORS]


def elements(answer: Answer) -> list[str]:
    """The names of elements that the errors are about, each once: the first that an error names."""
    found = []
    for text in _texts(answer):
        named = [word for word in _TOKEN.findall(text) if word in _ELEMENTS and word not in ("CWC", "Message", "Title")]
        quoted = re.findall(rf"[{_QUOTES}](\w+)[{_QUOTES}]", text)
        name = next((word for word in quoted if word in _ELEMENTS), named[0] if named else None)
        if name:
            found.append(name)
    return list(dict.fromkeys(found))


def scrubbed(text: str) -> str:
    """Only words that cannot be a constituent's, an ellipsis for the rest."""
    pieces = (piece for piece in _TOKEN.findall(text[: 4 * _LONGEST]) if piece not in _QUOTES)
    words = " ".join(piece if _is_safe(piece) else "…" for piece in pieces)
    words = re.sub(rf"…(?:[\s{re.escape(_POINTS)}]*…)+", "…", words)
    words = re.sub(r" ([.,:;)])", r"\1", words).replace("( ", "(")
    return words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…"


def _is_safe(piece: str) -> bool:
    return piece in _ELEMENTS or piece in seats.CODES or piece.lower() in _SAFE or piece in _POINTS


def outcome(answer: Answer, gateway: Gateway, *, delivery_id: str, repeated: bool, in_doubt: bool) -> Outcome:
    """What an answer means for the letter.

    `repeated`: an earlier try may have reached the gateway with this id; then "I have that one" means that it arrived.
    `in_doubt`: an earlier try may have arrived; then nothing here is taken as proof that nothing went out.
    """
    status, words = answer.status, "; ".join(errors(answer))
    told = f"{status} {words}".strip()
    if answer.ok:
        if _PAGE.match(answer.body):
            return Unclear(f"{gateway.words} answered with a web page", code=str(status), answer=str(status))
        return Receipt(told, delivery_id)
    if status == 409:
        return _known(gateway, told, delivery_id, repeated)
    if status in (400, 413, 422):
        return _refused(answer, gateway, told, in_doubt)
    if status in (408, 425, 429) or status >= 500:
        return later(
            f"{gateway.words} is busy or out of order",
            code=str(status),
            answer=told,
            retry_after_s=answer.retry_after_s,
            in_doubt=in_doubt,
        )
    return _wrong(gateway, status, told)


def later(
    words: str, *, code: str, answer: str = "", retry_after_s: float | None = None, in_doubt: bool = False
) -> TryLater:
    return TryLater(words, code=IN_DOUBT if in_doubt else code, answer=answer, retry_after_s=retry_after_s)


def _known(gateway: Gateway, told: str, delivery_id: str, repeated: bool) -> Outcome:
    if repeated:
        return Receipt(f"{told}: an earlier try had arrived", delivery_id)
    return Refused(
        f"{gateway.words} has another message with this delivery id already: look before it is sent anew",
        code="409",
        answer=told,
    )


def _refused(answer: Answer, gateway: Gateway, told: str, in_doubt: bool) -> ChannelError:
    code = str(answer.status)
    if any(_NOT_ENABLED.search(_QUOTED.sub("", text)) for text in _texts(answer)):
        if in_doubt:
            return Unclear(
                f"{gateway.words} no longer takes letters to this office; an earlier try may have arrived", code=code
            )
        words = f"{gateway.words} takes no letters to this office"
        return Refused(words, code=code, answer=told, falls_through=True)
    named = ", ".join(elements(answer))
    return Refused(f"{gateway.words} refused it{f' for {named}' if named else ''}", code=code, answer=told)


def _wrong(gateway: Gateway, status: int, told: str) -> Misconfigured:
    why = {
        401: "does not know our key",
        403: "does not let us in: key, name or network address are not those on its list",
        404: "has nothing at this address",
        415: "does not take what we send",
    }.get(status, f"answered {status}")
    return Misconfigured(f"{gateway.words} {why}", code=str(status), answer=told)


def _texts(answer: Answer) -> list[str]:
    body = answer.body
    if _PAGE.match(body):
        return []
    if _XML_LIKE.match(body):
        try:
            root = xml.parse(body.encode())
        except Invalid:
            return [re.sub(r"<[^>]*>", " ", body)]
        found = [" ".join(each.itertext()) for each in root.iter("{*}Error")]
        return found or [" ".join(root.itertext())]
    return [body]
