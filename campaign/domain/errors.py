"""Every error that is raised on purpose. The class says what to do about it, the text says what happened.

Texts are shown to people: they carry no address, name of a member, letter text or key.
"""

from __future__ import annotations


class CampaignError(Exception):
    """Something a person can understand and act on; `status` is the HTTP status of the page that says so."""

    status = 400


class NotFound(CampaignError):
    """No such thing, or none that this actor may know of."""

    status = 404


class NotAllowed(CampaignError):
    """The actor knows of it and may not do this."""

    status = 403


class SignedOut(CampaignError):
    """The visit ended before a form was sent; nothing was done."""

    status = 400


class WrongState(CampaignError):
    """The thing has moved on: the act came too late, too early or twice."""

    status = 409


class Gone(CampaignError):
    """A link that worked once, or until a day, and works no more."""

    status = 410


class Invalid(CampaignError):
    """What was given cannot be taken; `field` names where, so that a form can say it beside its input."""

    status = 422

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class CannotRender(Invalid):
    """A letter cannot be written from these facts; nothing has been queued."""


class CannotStart(CampaignError):
    """The settings or the machine do not allow what was asked; each line of the text is one fault."""

    status = 503


class ChannelError(CampaignError):
    """A channel did not take a parcel. `code` is the receiver's own code, `answer` its scrubbed words."""

    def __init__(self, message: str, *, code: str | None = None, answer: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.answer = answer


IN_DOUBT = "no-answer"
"""The code of a try that may have arrived and is repeated all the same, because the receiver knows a repeated one."""


class TryLater(ChannelError):
    """Nothing went out. Trying again later is safe and sensible; `retry_after_s` is the receiver's own wish.

    With the code IN_DOUBT something may have arrived, and only repeating the very same is safe: when the tries are used up, the
    letter is unclear and not failed.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        answer: str = "",
        retry_after_s: float | None = None,
        used_a_try: bool = True,
    ) -> None:
        super().__init__(message, code=code, answer=answer)
        self.retry_after_s = retry_after_s
        self.used_a_try = used_a_try


class Refused(ChannelError):
    """Nothing was taken and never will be, as it stands. `falls_through`: the receiver takes no letters to this office, so
    another channel may have it."""

    def __init__(self, message: str, *, code: str | None = None, answer: str = "", falls_through: bool = False) -> None:
        super().__init__(message, code=code, answer=answer)
        self.falls_through = falls_through


class Misconfigured(ChannelError):
    """Nothing went out, and nothing will until somebody mends the channel's settings. The parcel waits and uses no try."""


class Unclear(ChannelError):
    """It may have arrived. No machine sends it again."""
