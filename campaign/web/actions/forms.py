from __future__ import annotations

import re
from datetime import date
from typing import Any

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # the stubs lag behind
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from campaign.domain.events import ResponseKind
from campaign.domain.texts import tidy
from campaign.services.drafts import MOST_CHOICES, MOST_REASONS, STORY_LIMIT
from campaign.services.responses import TEXT_LIMIT


class Checkboxes(SelectMultipleField):
    """Several of a list; a template draws each as a card or a pill."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class CountField(IntegerField):
    """A whole number as people write it, and as our own pages do: 1250 or 1,250."""

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata([re.sub(r"(?<=\d)[, \u00a0](?=\d{3}(?!\d))", "", text) for text in valuelist])


def _tidy(text: str | None) -> str:
    """One form of line ends before counting: browsers count one and send two."""
    return tidy(text or "")


class PickForm(FlaskForm):  # type: ignore[misc]
    choices = Checkboxes("Recommendations")

    def validate_choices(self, field: Any) -> None:
        if not field.data:
            raise ValidationError("Pick at least one recommendation.")
        if len(field.data) > MOST_CHOICES:
            raise ValidationError(f"Pick at most {MOST_CHOICES}: offices answer letters that ask for few things.")


class WhereForm(FlaskForm):  # type: ignore[misc]
    seat = RadioField(
        "Your representative", validators=[InputRequired("Choose your representative, or senators only.")]
    )


class FactsForm(FlaskForm):  # type: ignore[misc]
    jobs = CountField(
        "People there",
        validators=[
            Optional(),
            NumberRange(min=1, max=2_000_000, message="Enter how many people work there, like 214."),
        ],
    )
    reasons = Checkboxes(
        "Your strongest reasons", description=f"Up to {MOST_REASONS}. Choose only what is true for you."
    )
    story = TextAreaField("In your own words", filters=[_tidy])

    def validate_jobs(self, field: Any) -> None:
        if field.process_errors:
            field.errors[:] = ["Enter how many people work there as a number, like 214."]

    def validate_reasons(self, field: Any) -> None:
        if len(field.data or ()) > MOST_REASONS:
            raise ValidationError(f"Choose at most {MOST_REASONS} reasons.")

    def validate_story(self, field: Any) -> None:
        over = len(field.data) - STORY_LIMIT
        if over > 0:
            raise ValidationError(
                f"Your words are {len(field.data):,} characters; a letter takes {STORY_LIMIT:,}. Cut {over:,}."
            )


class SiteForm(FlaskForm):  # type: ignore[misc]
    site = RadioField("Which site do you write about?", validators=[InputRequired("Choose a site.")])


class SignForm(FlaskForm):  # type: ignore[misc]
    """`shown` is the digest of the letters on the page: what was read is what is signed."""

    agree = BooleanField()
    name = StringField(
        "Type your name to sign",
        validators=[
            InputRequired("Type your full name to sign."),
            Length(max=200, message="A name has at most 200 characters."),
        ],
    )
    shown = HiddenField(validators=[Length(max=64)])
    count = 1  # set by the view, for the error's words

    def validate_agree(self, field: Any) -> None:
        if not field.data:
            noun = "this letter" if self.count == 1 else f"these {self.count} letters"
            raise ValidationError(f"Tick the box to let us send {noun} in your name.")


class AnswerForm(FlaskForm):  # type: ignore[misc]
    """An answer that came to the member's own mailbox, or on paper."""

    kind = RadioField(
        "What did they send?",
        choices=[
            SelectChoice(ResponseKind.ACKNOWLEDGEMENT.value, "A receipt: they have your letter"),
            SelectChoice(ResponseKind.FORM.value, "A general letter about the subject"),
            SelectChoice(ResponseKind.SUBSTANTIVE.value, "An answer to what you wrote"),
            SelectChoice(ResponseKind.MEETING.value, "An offer to meet, visit or call"),
        ],
        validators=[InputRequired("Choose what they sent.")],
    )
    received_on = DateField("When did it reach you?", validators=[InputRequired("Enter the day, like 2026-03-12.")])
    text = TextAreaField(
        "What they wrote (optional)",
        filters=[_tidy],
        validators=[Length(max=TEXT_LIMIT, message=f"An answer takes {TEXT_LIMIT:,} characters.")],
    )

    def validate_received_on(self, field: Any) -> None:
        if field.process_errors:
            field.errors[:] = ["Enter the day as year-month-day, like 2026-03-12."]
        elif isinstance(field.data, date) and field.data.year < 2000:
            raise ValidationError("Enter the day on which the answer came.")


class FiledForm(FlaskForm):  # type: ignore[misc]
    """The number that a docket's portal gave."""

    number = StringField("Confirmation number")
    before_close = BooleanField("I filed it before the docket closed")


class CertifyForm(FlaskForm):  # type: ignore[misc]
    """Why bracketed passages are confidential, and the filer's certification."""

    reason = TextAreaField("Why is it confidential?", filters=[_tidy])
    certified = BooleanField("I certify this.")

    def validate_certified(self, field: Any) -> None:
        if not field.data:
            raise ValidationError("Tick the box to certify it. The portal takes no confidential version without.")


class PressForm(FlaskForm):  # type: ignore[misc]
    """One button."""
