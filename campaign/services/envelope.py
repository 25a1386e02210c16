"""What an installation puts on every letter and mail: its tokens, addresses and names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from campaign.channels.cwc.message import Agent, MoreInfo
from campaign.domain.districts import Chamber
from campaign.domain.references import TokenKind, TokenSigner


@dataclass(frozen=True, slots=True)
class Envelope:
    """What every parcel of this installation needs besides its row."""

    signer: TokenSigner
    bounce_domain: str
    base_url: str
    agents: Mapping[Chamber, Agent] = field(default_factory=dict)  # who delivers, by a gateway's chamber
    more_info_at: MoreInfo = MoreInfo.LAST

    def return_path(self, kind: TokenKind, reference: str) -> str:
        return f"b+{self.signer.sign(kind, reference)}@{self.bounce_domain}"

    def reply_address(self, reference: str) -> str:
        return f"r+{self.signer.sign(TokenKind.LETTER, reference)}@{self.bounce_domain}"

    def acknowledgement_address(self, reference: str) -> str:
        """Where a gateway's own acknowledgement of a letter goes: it says that the office's system has the letter."""
        return f"a+{self.signer.sign(TokenKind.LETTER, reference)}@{self.bounce_domain}"

    def message_id(self, reference: str) -> str:
        """Fixed for a letter or mail, whatever the number of tries, so that a receiver can tell a copy."""
        return f"<{reference}@{self.bounce_domain}>"

    def more_info(self, reference: str) -> str:
        """For the gateways' element of that name; empty where it is left out."""
        return "" if self.more_info_at is MoreInfo.NONE else self.verify_url(reference)

    def verify_url(self, reference: str) -> str:
        return f"{self.base_url}/verify/{reference}"
