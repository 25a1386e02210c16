"""Every channel of the registry passes the contract of channels."""

from __future__ import annotations

import ast
from pathlib import Path

from campaign.channels.cwc.gateway import Gateway
from campaign.channels.docket.regulations import Access
from campaign.channels.printing.provider import PostValues
from campaign.channels.registry import RelayValues, make_channels
from campaign.domain.channels import BY_HAND, ChannelName
from campaign.domain.districts import Chamber

_CONTRACTS = {"MachineChannel", "ByHandChannel"}


def _under_contract(root: Path) -> dict[str, set[str]]:
    """For each class of the contract: what the test classes below it construct."""
    found: dict[str, set[str]] = {name: set() for name in _CONTRACTS}
    for path in (root / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
                for base in node.bases:
                    if isinstance(base, ast.Name) and base.id in _CONTRACTS:
                        found[base.id] |= {
                            call.func.id
                            for call in ast.walk(node)
                            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
                        }
    return found


def test_every_channel_of_the_registry_is_held_to_its_contract(root: Path) -> None:
    channels = make_channels(
        RelayValues("127.0.0.1", 8025),
        [Gateway(chamber, "http://127.0.0.1:8026/") for chamber in (Chamber.HOUSE, Chamber.SENATE)],
        PostValues("http://127.0.0.1:8026", "key"),
        Access("http://127.0.0.1:8026/regulations/v4", "key"),
    )
    assert set(channels) == set(ChannelName)
    under = _under_contract(root)
    for name, channel in channels.items():
        contract = "ByHandChannel" if name in BY_HAND else "MachineChannel"
        assert type(channel).__name__ in under[contract], f"{name} has no test class below {contract}"
