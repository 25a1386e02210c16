"""Hands letters to one chamber's gateway, one message a request. The same id and date go with every try of a letter."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from campaign.channels.cwc import answers, validator, windows
from campaign.channels.cwc.builder import build
from campaign.channels.cwc.gateway import Gateway
from campaign.channels.cwc.message import Barred, Filing
from campaign.channels.http import Http
from campaign.channels.one_by_one import OneByOne
from campaign.domain.channels import ChannelName
from campaign.domain.districts import Chamber
from campaign.domain.errors import IN_DOUBT, ChannelError, Misconfigured, Refused, TryLater, Unclear
from campaign.domain.parcels import Outcome, Parcel

_NAMES = {Chamber.HOUSE: ChannelName.CWC_HOUSE, Chamber.SENATE: ChannelName.CWC_SENATE}
_NO_FILING = "This letter was not made out for a gateway of Congress."
_HEADERS = {"Content-Type": "application/xml"}


class CwcChannel:
    """Implements Channel, one for each chamber. The cargo of its parcels is a `Filing`."""

    def __init__(
        self,
        gateway: Gateway,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        http: Callable[[], Http] | None = None,
    ) -> None:
        self.gateway = gateway
        self.heard_of_a_closed_office = False
        """The gateway refused an office that its list has: the list should be read anew. Whoever does so sets it back."""
        self._clock = clock
        self._http = http or (lambda: Http(proxy=gateway.proxy or None))

    @property
    def name(self) -> ChannelName:
        return _NAMES[self.gateway.chamber]

    @property
    def repeat_is_safe(self) -> bool:
        return self.gateway.repeat_is_safe

    def problems(self, parcel: Parcel) -> list[str]:
        filing = _filing(parcel)
        return [_NO_FILING] if filing is None else self.faults(filing)

    def faults(self, filing: Filing) -> list[str]:
        """As `problems`, of what a parcel holds."""
        found = [each.words for each in validator.problems(filing.message)]
        if not filing.message.delivery_id or not filing.message.delivery_date:
            found.append("This letter has no delivery id or no day.")
        if not found and validator.chamber_of(filing.message) is not self.gateway.chamber:
            found.append("This letter goes to the other chamber.")
        return found

    def closed_for_s(self) -> float | None:
        """Seconds to the end of the maintenance; None while the gateway is open."""
        now = self._clock()
        until = windows.closed_until(self.gateway.windows, self.gateway.chamber, now)
        return None if until is None else (until - now).total_seconds()

    def open(self) -> CwcLine:
        faults = self.gateway.faults()
        if faults:
            raise Misconfigured("; ".join(faults))
        closed = _maintained(self)
        if closed is not None:
            raise closed
        return CwcLine(self, self._http())

    def rehearse(self, filing: Filing) -> Outcome:
        """Asks the gateway whether it would take this letter; it keeps and delivers nothing, so that a silence is no doubt.

        Raises what `open` raises, and Misconfigured where the gateway has no address for tests.
        """
        if not self.gateway.test_url:
            raise Misconfigured(f"{self.gateway.words} has no address for tests")
        line = self.open()
        try:
            outcome = line.post(self.gateway.test_url, filing, lambda: None)
        finally:
            line.close()
        if isinstance(outcome, ChannelError) and outcome.code == IN_DOUBT:
            return TryLater(f"{self.gateway.words} did not answer", answer=outcome.answer)
        return outcome


class CwcLine(OneByOne):
    """Over one pool of connections."""

    def __init__(self, channel: CwcChannel, http: Http) -> None:
        self._channel, self._http = channel, http

    def hand_over(self, parcel: Parcel, begins: Callable[[], None]) -> Outcome:
        closed = _maintained(self._channel)
        if closed is not None:
            self.usable = False
            return closed
        filing = _filing(parcel)
        if filing is None:
            return Refused(f"it was not sent: {_NO_FILING}", code="problems")
        return self.post(self._channel.gateway.message_url, filing, begins)

    def post(self, url: str, filing: Filing, begins: Callable[[], None]) -> Outcome:
        """One request, and what came of it. Raises nothing of the network."""
        gateway = self._channel.gateway
        if filing.barred is not None:
            return _barred(filing.barred, filing.in_doubt)
        problems = self._channel.faults(filing)
        if problems:
            return Refused(f"it was not sent: {'; '.join(problems)}", code="problems")
        document = build(filing.message, more_info_first=filing.more_info_first)
        begins()
        try:
            answer = self._http.ask("POST", url, params={"apikey": gateway.key}, headers=_HEADERS, content=document)
        except TryLater as error:
            code = IN_DOUBT if filing.in_doubt else error.code
            return TryLater(str(error), code=code, retry_after_s=error.retry_after_s)
        except Unclear as error:
            return _no_answer(gateway, error)
        outcome = answers.outcome(
            answer,
            gateway,
            delivery_id=filing.message.delivery_id,
            repeated=filing.try_number > 1,
            in_doubt=filing.in_doubt,
        )
        if isinstance(outcome, Refused) and outcome.falls_through:
            self._channel.heard_of_a_closed_office = True
        return outcome

    def close(self) -> None:
        super().close()
        self._http.close()


def _barred(barred: Barred, in_doubt: bool) -> ChannelError:
    """Nothing is sent. Another channel may have the letter unless an earlier try may have arrived."""
    if barred.waits:
        return TryLater(barred.words, code=IN_DOUBT if in_doubt else None, used_a_try=False)
    if in_doubt:
        return Unclear(f"{barred.words}; an earlier try may have arrived", code=IN_DOUBT)
    return Refused(barred.words, code="barred", falls_through=True)


def _no_answer(gateway: Gateway, error: Unclear) -> ChannelError:
    """It may have arrived. Where the gateway knows a repeated id, the next try tells."""
    if gateway.repeat_is_safe:
        return TryLater(
            f"{gateway.words} did not answer; the same message is sent once more", code=IN_DOUBT, answer=str(error)
        )
    return Unclear(f"{gateway.words} did not answer; it may have arrived", code=IN_DOUBT, answer=str(error))


def _maintained(channel: CwcChannel) -> TryLater | None:
    seconds = channel.closed_for_s()
    if seconds is None:
        return None
    return TryLater(f"{channel.gateway.words} is being maintained", retry_after_s=seconds, used_a_try=False)


def _filing(parcel: Parcel) -> Filing | None:
    return parcel.cargo if isinstance(parcel.cargo, Filing) else None
