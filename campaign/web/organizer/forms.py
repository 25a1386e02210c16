from __future__ import annotations

from datetime import date, time
from typing import Any

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # the stubs lag behind
from wtforms.validators import InputRequired, Length, Optional, ValidationError
from wtforms.widgets import HiddenInput

from campaign.domain.channels import KIND_WORDS
from campaign.domain.hours import SendingHours
from campaign.domain.texts import tidy
from campaign.services import preferences
from campaign.services.responses import TEXT_LIMIT
from campaign.services.ways import effective
from campaign.web.actions.forms import Checkboxes
from campaign.web.organizer.words import ANSWERS, DAYS, OFFICES_OF, ZONES


def _trimmed(text: str | None) -> str:
    return (text or "").strip()


class DecisionForm(FlaskForm):  # type: ignore[misc]
    """What should happen to a delivery that needs a person. The view sets the choices."""

    decision = RadioField("What should happen?", validators=[InputRequired("Choose what should happen.")])
    note = StringField(
        "Note (kept with the letter)", validators=[Length(max=500, message="A note has at most 500 characters.")]
    )


class _Day(DateField):
    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError("Enter the day as year-month-day, like 2026-03-12.") from None


class AnswerForm(FlaskForm):  # type: ignore[misc]
    """An answer that came to a member, by post or by telephone."""

    kind = RadioField(
        "What did they send?",
        choices=[SelectChoice(kind.value, words) for kind, words in ANSWERS.items()],
        validators=[InputRequired("Choose what they sent.")],
    )
    received_on = _Day(
        "When did it reach the member, or us?", validators=[InputRequired("Enter the day, like 2026-03-12.")]
    )
    postmarked_on = _Day("Postmark, or the date on the letter", validators=[Optional()])
    text = TextAreaField(
        "What they wrote",
        filters=[lambda text: tidy(text or "")],  # one form of line ends before counting: browsers count one, send two
        validators=[Length(max=TEXT_LIMIT, message=f"An answer takes {TEXT_LIMIT:,} characters.")],
    )

    def validate_received_on(self, field: Any) -> None:
        if isinstance(field.data, date) and field.data.year < 2000:
            raise ValidationError("Enter the day on which the answer came.")


class JudgeForm(FlaskForm):  # type: ignore[misc]
    """What an answer is, said by a person."""

    kind = RadioField(
        "What is it?",
        choices=[SelectChoice(kind.value, words) for kind, words in ANSWERS.items()],
        validators=[InputRequired("Choose what it is.")],
    )


class AttachForm(FlaskForm):  # type: ignore[misc]
    """A mail without a letter becomes an answer to one. The view sets the candidates."""

    candidate = RadioField("Which letter does it answer?", validators=[Optional()])
    reference = StringField("Another letter, by its reference", validators=[Length(max=40)])
    kind = RadioField(
        "What is it?",
        choices=[SelectChoice(kind.value, words) for kind, words in ANSWERS.items()],
        validators=[InputRequired("Choose what it is.")],
    )

    @property
    def chosen(self) -> str:
        return (self.reference.data or "").strip().lower() or (self.candidate.data or "")

    def validate_kind(self, _field: Any) -> None:
        if not self.chosen:
            raise ValidationError("Choose a letter, or enter its reference.")


class AsideForm(FlaskForm):  # type: ignore[misc]
    """A mail that belongs to no letter."""

    why = StringField(
        "Why it belongs to no letter",
        validators=[
            InputRequired("Say why it belongs to no letter."),
            Length(max=500, message="A reason has at most 500 characters."),
        ],
    )


class _Hour(TimeField):
    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None  # also where a filled field was emptied
        if any(valuelist):
            try:
                super().process_formdata(valuelist)
            except ValueError:
                raise ValueError("Enter the hour as 08:00 or 17:30.") from None


class HoursForm(FlaskForm):  # type: ignore[misc]
    """When letters of a campaign leave; both hours empty: at all hours."""

    opens = _Hour("Letters leave from")
    closes = _Hour("Letters leave until")
    weekends = BooleanField("On Saturdays and Sundays, too")


class SuspendForm(FlaskForm):  # type: ignore[misc]
    """An office that gets no letters by its gateway."""

    code = StringField(
        "Office", validators=[InputRequired("Enter the code of an office, like HNV02.")], filters=[_trimmed]
    )
    reason = StringField("Why", validators=[InputRequired("Say why: others will ask.")], filters=[_trimmed])


class PreferForm(FlaskForm):  # type: ignore[misc]
    """What an office wants to get first."""

    code = StringField(
        "Office", validators=[InputRequired("Enter the code of an office, like HNV02.")], filters=[_trimmed]
    )
    way = SelectField("First way", choices=[SelectChoice(each.value, KIND_WORDS[each]) for each in preferences.CHOICES])


def _check_order(order: tuple[str, ...]) -> None:
    if order != effective(order):
        raise ValidationError("This is no order of ways.")


class OrderForm(FlaskForm):  # type: ignore[misc]
    """An order of ways, the one that the page was made from, and what was pressed. Ways with blanks between."""

    order = StringField(widget=HiddenInput(), validators=[InputRequired()])
    seen = StringField(widget=HiddenInput(), validators=[InputRequired()])
    press = StringField(validators=[InputRequired()])

    @property
    def chosen(self) -> tuple[str, ...]:
        return tuple((self.order.data or "").split())

    @property
    def before(self) -> tuple[str, ...]:
        return tuple((self.seen.data or "").split())

    def validate_order(self, _field: Any) -> None:
        _check_order(self.chosen)

    def validate_seen(self, _field: Any) -> None:
        _check_order(self.before)


class OfficeHoursForm(FlaskForm):  # type: ignore[misc]
    """The hours of one office, or of all offices of a chamber."""

    whom = SelectField(
        "For",
        choices=[
            SelectChoice("office", "One office"),
            *(SelectChoice(each.value, words) for each, words in OFFICES_OF.items()),
        ],
    )
    code = StringField("Its code", filters=[_trimmed])
    days = Checkboxes(
        "On these days",
        choices=[SelectChoice(str(number), day) for number, day in enumerate(DAYS, 1)],
        validators=[InputRequired("Choose at least one day.")],
    )
    opens = _Hour("From", validators=[InputRequired("Enter the hour, like 09:00.")])
    closes = _Hour("Until", validators=[InputRequired("Enter the hour, like 17:30.")])
    zone = SelectField("On the clock of", choices=[SelectChoice(zone, words) for zone, words in ZONES.items()])

    def validate_code(self, field: Any) -> None:
        if self.whom.data == "office" and not field.data:
            raise ValidationError("Enter the code of an office, like HNV02.")

    @property
    def hours(self) -> SendingHours:
        """Of a valid form."""
        days = frozenset(int(day) for day in self.days.data or ())
        return SendingHours(self.zone.data, self.opens.data or time.min, self.closes.data or time.min, days)


class PressForm(FlaskForm):  # type: ignore[misc]
    """One button."""


class PrintForm(FlaskForm):  # type: ignore[misc]
    """How a batch is printed."""

    duplex = BooleanField("Both sides of the paper")
    marks = BooleanField("Fold marks", default=True)


class CancelForm(FlaskForm):  # type: ignore[misc]
    """One button, and what its page had counted: how many, and up to which delivery."""

    seen = IntegerField(widget=HiddenInput(), validators=[InputRequired()])
    upto = IntegerField(widget=HiddenInput(), validators=[InputRequired()])
