"""Writing letters, beside the same sources compiled once and rendered bare in the same kind of sandbox."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import process_time
from types import SimpleNamespace
from typing import Any

from jinja2.sandbox import ImmutableSandboxedEnvironment

from campaign.domain.letters import AskText, Frame, LetterFacts, render

FRAME = Frame(
    subject="{{ facility.city }} employer on {{ ask.vehicle }}",
    opening="I am {{ member.title }} of {{ member.company }} in {{ facility.city }}, {{ facility.state_name }}, in "
    "{{ office.seat }}.",
    closing="We would welcome a visit of your staff to our site in {{ facility.city }}.",
    valediction="Respectfully,",
)
ASK = AskText(
    "permitting",
    "Please cosponsor {{ ask.vehicle }}.",
    "H.R. 4776",
    "{{ member.company }} makes {{ facility.product }} from {{ facility.minerals }}. A mine that the United States needs waits "
    "for its permits longer than it takes to build.",
)
FACTS = LetterFacts(
    member={"name": "Ada Quillback", "title": "plant manager", "company": "Teal Mills"},
    facility={
        "city": "Kokomo",
        "state_name": "Indiana",
        "jobs": "340",
        "product": "magnets",
        "minerals": "dysprosium and terbium",
    },
    office={"salutation": "Dear Representative Testerly:", "seat": "your district"},
    address_block=("The Honorable Testa Testerly", "Washington, DC 20515"),
    asks=[ASK],
    signature=("Ada Quillback", "Plant manager", "Teal Mills"),
    reasons={"jobs": "{{ facility.jobs }} people count on it."},
    story="Last fall a nine-week wait for dysprosium idled our second line, and we sent 31 people home for a month.",
)


def run(letters: int, rounds: int) -> dict[str, Any]:
    """Letters per CPU second, medians of interleaved rounds."""
    bare_letter = _bare()
    ours, bare = [], []
    for _ in range(rounds):
        ours.append(letters / _cpu_s(lambda: render(FRAME, FACTS), letters))
        bare.append(letters / _cpu_s(bare_letter, letters))
    return {
        "letters_per_cpu_second": round(median(ours)),
        "bare_per_cpu_second": round(median(bare)),
        "ratio": round(median(ours) / median(bare), 3),
    }


def _bare() -> Callable[[], object]:
    """Each source is a template of its own, since a letter is kept in parts."""
    sandbox = ImmutableSandboxedEnvironment(autoescape=False)
    sources = (
        FRAME.subject,
        FRAME.opening,
        ASK.paragraph,
        ASK.line,
        FACTS.reasons["jobs"],
        FRAME.closing,
        FRAME.valediction,
    )
    templates = [sandbox.from_string(source) for source in sources]
    values = {
        "member": SimpleNamespace(**FACTS.member),
        "facility": SimpleNamespace(**FACTS.facility),
        "office": SimpleNamespace(**FACTS.office),
        "ask": SimpleNamespace(line=ASK.line, vehicle=ASK.vehicle),
    }
    return lambda: [template.render(values) for template in templates]


def _cpu_s(act: Callable[[], object], times: int) -> float:
    began = process_time()
    for _ in range(times):
        act()
    return process_time() - began
