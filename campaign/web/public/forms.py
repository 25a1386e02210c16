from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import Email, InputRequired, Length


class AskForLinkForm(FlaskForm):  # type: ignore[misc]
    """A member asks for their link. The answer is the same whether we know the address or not."""

    email = StringField(
        "Your e-mail",
        description="The address at which your association writes to you.",
        validators=[
            InputRequired("Enter your e-mail, like ada@company.example."),
            Length(max=254, message="An e-mail has at most 254 characters."),
            Email("Enter your e-mail in full, like ada@company.example.", check_deliverability=False),
        ],
        filters=[lambda text: (text or "").strip()],
    )


class PressForm(FlaskForm):  # type: ignore[misc]
    """One button: what a link leads to happens on the press, since programs that scan mail open every link."""
