from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from flask_wtf import FlaskForm
from wtforms import DateField, RadioField, SelectField, StringField, TimeField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # the stubs lag behind
from wtforms.validators import InputRequired, Length

from campaign.domain import docket_rules
from campaign.domain.docket_rules import EASTERN
from campaign.domain.texts import tidy_line
from campaign.models.docket import Docket, Portal
from campaign.runtime import runtime
from campaign.services.dockets import TITLE_LIMIT, Entry

PORTALS = {Portal.USTR: "Trade Representative’s portal", Portal.REGULATIONS_GOV: "regulations.gov"}


def _line(text: str | None) -> str:
    return tidy_line(text or "")


class _Day(DateField):
    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError("Enter the day as year-month-day, like 2026-12-01.") from None


class _Hour(TimeField):
    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None
        if any(valuelist):
            try:
                super().process_formdata(valuelist)
            except ValueError:
                raise ValueError("Enter the hour as 17:00, or leave it empty.") from None


class DocketForm(FlaskForm):  # type: ignore[misc]
    """One document's comment period. The view sets the agencies."""

    office = SelectField("Agency", coerce=int)
    portal = RadioField(
        "Where comments are filed",
        choices=[SelectChoice(portal.value, words) for portal, words in PORTALS.items()],
        validators=[InputRequired("Choose the portal that the notice names.")],
    )
    number = StringField("Docket number", filters=[_line], validators=[InputRequired("Enter the docket’s number.")])
    title = StringField(
        "Title",
        filters=[_line],
        validators=[
            InputRequired("Enter the docket’s title as its notice has it."),
            Length(max=TITLE_LIMIT, message=f"A title has at most {TITLE_LIMIT} characters."),
        ],
    )
    document_id = StringField("Document id", filters=[_line])
    portal_url = StringField("Address of its page", filters=[_line])
    organization_type = StringField(
        "The agency’s word for a company",
        filters=[_line],
        validators=[
            Length(
                max=docket_rules.ORGANIZATION_TYPE_LIMIT,
                message=f"This word has at most {docket_rules.ORGANIZATION_TYPE_LIMIT} characters.",
            )
        ],
    )
    opens_on = _Day("Opens on", validators=[InputRequired("Enter the day on which it opens, like 2026-12-01.")])
    closes_on = _Day("Closes on", validators=[InputRequired("Enter the day on which it closes, like 2026-12-01.")])
    closes_time = _Hour("Closing hour")

    def filled_from(self, docket: Docket) -> None:
        """For a page that shows a docket as it stands."""
        opens, closes = (at.astimezone(EASTERN) for at in (docket.opens_at, docket.closes_at))
        self.office.data, self.portal.data = docket.office_id, docket.portal.value
        self.number.data, self.title.data = docket.number, docket.title
        self.document_id.data, self.portal_url.data = docket.document_id, docket.portal_url
        self.organization_type.data = docket.organization_type
        self.opens_on.data, self.closes_on.data = opens.date(), closes.date()
        whole = closes.time().replace(tzinfo=None) == docket_rules.LAST
        self.closes_time.data = None if whole else closes.time().replace(tzinfo=None, second=0)

    @property
    def closes_at(self) -> datetime | None:
        """The last moment, Eastern: of the hour given, or of the whole day. None while there is no day."""
        day: date | None = self.closes_on.data
        hour: time | None = self.closes_time.data
        if day is None:
            return None
        return docket_rules.end_of(day) if hour is None else datetime.combine(day, hour, EASTERN)

    def entry(self) -> Entry:
        closes = self.closes_at
        if closes is None or self.opens_on.data is None:
            raise ValueError("asked before the form was found right")
        return Entry(
            office_id=self.office.data,
            portal=Portal(self.portal.data),
            number=self.number.data or "",
            title=self.title.data or "",
            document_id=self.document_id.data or "",
            portal_url=self.portal_url.data or "",
            opens_at=docket_rules.begin_of(self.opens_on.data),
            closes_at=closes,
            organization_type=self.organization_type.data or "",
            by_machine=bool(runtime().settings.regulations_key),
        )


class FetchForm(FlaskForm):  # type: ignore[misc]
    """Which docket to read from regulations.gov."""

    agency = SelectField("Agency", coerce=int)
    docket = StringField("Docket number", filters=[_line], validators=[InputRequired("Enter the docket’s number.")])

    def put(self, name: str, words: str) -> None:
        field: Any = self[name]
        field.errors = [*field.errors, words]
