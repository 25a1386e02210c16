from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import RadioField, StringField
from wtforms.validators import InputRequired, Length


class DecisionForm(FlaskForm):  # type: ignore[misc]
    """What should happen to a delivery that needs a person. The view sets the choices."""

    decision = RadioField("What should happen?", validators=[InputRequired("Choose what should happen.")])
    note = StringField(
        "Note (kept with the letter)", validators=[Length(max=500, message="A note has at most 500 characters.")]
    )


class PressForm(FlaskForm):  # type: ignore[misc]
    """One button."""
