"""The gateways of Congress as the settings describe them: an edge between settings and channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign.channels.cwc import validator, windows
from campaign.channels.cwc.gateway import SIMULATED_AGENT, SIMULATED_KEYS, Gateway, house_urls
from campaign.channels.cwc.message import Agent, Message, MoreInfo
from campaign.domain.districts import Chamber

if TYPE_CHECKING:
    from campaign.settings import Settings

_SETTING_OF = {"name": "", "contact_name": "CONTACT", "email": "EMAIL", "phone": "PHONE", "ack_email": "ACK_EMAIL"}


def gateways(settings: Settings) -> tuple[Gateway, ...]:
    """Those that have an address. Raises ValueError for windows that cannot be read."""
    maintained = windows.read(settings.cwc_maintenance)
    found = []
    if settings.cwc_house_url:
        letters, test, offices = house_urls(settings.cwc_house_url)
        found.append(
            Gateway(
                Chamber.HOUSE,
                letters,
                test_url=test,
                offices_url=offices,
                key=settings.cwc_house_key,
                repeat_is_safe=settings.cwc_house_repeat_is_safe,
                proxy=settings.cwc_proxy,
                direct_egress=settings.cwc_direct_egress,
                simulated=settings.simulated,
                windows=maintained,
            )
        )
    if settings.cwc_senate_url:
        found.append(
            Gateway(
                Chamber.SENATE,
                settings.cwc_senate_url,
                test_url=settings.cwc_senate_test_url,
                offices_url=settings.cwc_senate_offices_url,
                key=settings.cwc_senate_key,
                repeat_is_safe=True,  # a repeated delivery id is answered with 409 there
                proxy=settings.cwc_proxy,
                direct_egress=settings.cwc_direct_egress,
                simulated=settings.simulated,
                windows=maintained,
            )
        )
    return tuple(found)


def simulated(settings: Settings) -> dict[str, str]:
    """The settings of the gateways where nobody set them and the simulated Congress runs: its own. It has no maintenance."""
    base = f"http://{settings.simulator_host}:{settings.simulator_port}"
    if ":" in settings.simulator_host:
        base = f"http://[{settings.simulator_host}]:{settings.simulator_port}"
    return {
        "cwc_house_url": base,
        "cwc_house_key": SIMULATED_KEYS[Chamber.HOUSE],
        "cwc_house_agent": SIMULATED_AGENT,
        "cwc_senate_url": f"{base}/senate/message",
        "cwc_senate_test_url": f"{base}/senate/test",
        "cwc_senate_offices_url": f"{base}/api/active_offices",
        "cwc_senate_key": SIMULATED_KEYS[Chamber.SENATE],
        "cwc_senate_agent": SIMULATED_AGENT,
        "cwc_agent_contact": "Simulated contact",
        "cwc_agent_email": "gateways@bluestem.example",
        "cwc_agent_phone": "202-555-0100",
        "cwc_maintenance": "",
    }


def agents(settings: Settings) -> dict[Chamber, Agent]:
    """Who delivers, by chamber: the registered names may differ."""
    names = {Chamber.HOUSE: settings.cwc_house_agent, Chamber.SENATE: settings.cwc_senate_agent}
    return {
        chamber: Agent(
            name,
            settings.cwc_agent_contact,
            settings.cwc_agent_email,
            settings.cwc_agent_phone,
            settings.cwc_agent_ack_email,
        )
        for chamber, name in names.items()
    }


def faults(settings: Settings) -> list[str]:
    """What is wrong with the settings of the gateways, one line each, without any of their values."""
    try:
        found = gateways(settings)
    except ValueError as error:
        return [f"CAMPAIGN_CWC_MAINTENANCE: {error}"]
    lines = []
    if settings.cwc_more_info not in set(MoreInfo):
        lines.append("CAMPAIGN_CWC_MORE_INFO: last, first or none")
    if settings.cwc_proxy and not settings.cwc_proxy.startswith(("http://", "https://")):
        lines.append("CAMPAIGN_CWC_PROXY: http://HOST:PORT, or nothing")
    if not 0 <= settings.cwc_per_second <= 1_000_000:  # not a number fails too
        lines.append("CAMPAIGN_CWC_PER_SECOND: 0 for no limit, or a number above 0")
    for gateway in found:
        lines += [
            f"CAMPAIGN_CWC_{gateway.chamber.upper()}_URL and what belongs to it: {each}" for each in gateway.faults()
        ]
        lines += _agent_faults(gateway.chamber, agents(settings)[gateway.chamber])
    return list(dict.fromkeys(lines))


def _agent_faults(chamber: Chamber, agent: Agent) -> list[str]:
    lines = []
    for each in validator.problems(Message(agent=agent)):
        part, _, name = each.field.partition(".")
        if part == "agent" and (name != "ack_email" or agent.ack_email):  # each letter has an address of its own
            setting = f"AGENT_{_SETTING_OF[name]}" if _SETTING_OF[name] else f"{chamber.upper()}_AGENT"
            lines.append(f"CAMPAIGN_CWC_{setting}: {each.message}")
    return lines
