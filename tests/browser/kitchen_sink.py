"""Every component on a few pages with sample data, for looking at: `python tests/browser/kitchen_sink.py [PORT]`.

No database and no service: what is drawn here is only templates, the stylesheet and the script. People and offices are invented.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace as Thing
from typing import Any

from flask import Flask, flash, render_template
from flask.typing import ResponseReturnValue
from flask_wtf import CSRFProtect, FlaskForm
from jinja2 import FileSystemLoader
from wtforms import (
    BooleanField,
    DateField,
    FileField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    validators,
)

from campaign.paths import STATIC, TEMPLATES
from campaign.web import charts, filters
from campaign.web.charts import Reach, Step

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'"
)
NOW = datetime(2026, 3, 12, 18, 4, 11, tzinfo=UTC)


def _choices(*words: str) -> Any:
    """Plain words: WTForms takes them, its stubs do not know it."""
    return list(words)


class Sample(FlaskForm):  # type: ignore[misc]
    zip_code = StringField(
        "ZIP code of the plant",
        [validators.DataRequired(), validators.Regexp(r"\d{5}$", message="Enter a ZIP code with 5 digits, like 45840")],
        description="Decides who your representative is",
    )
    title = StringField("Job title", [validators.Optional()])
    jobs = IntegerField("People there", [validators.Optional()])
    visit = DateField("First day that suits you", [validators.Optional()])
    answer = FileField("The answer as a file", description="PDF or picture, up to 10 MB")
    chamber = SelectField("Chamber", choices=_choices("House and Senate", "House", "Senate"))
    story = TextAreaField(
        "In your own words", description="One or two sentences. Finish this: “At our plant in Findlay …”"
    )
    happened = SelectMultipleField(
        "What has happened?",
        choices=_choices("Costs went up", "We stopped a line", "Orders lost", "Investment on hold", "Hiring delayed"),
    )
    picks = SelectMultipleField(
        "Recommendations",
        choices=_choices("Agree binding minerals rules with partner countries", "Pass permitting reform"),
    )
    fate = RadioField("What should happen?", choices=_choices("Look again at 2:41 pm", "It arrived: record as sent"))
    consent = BooleanField("Send these 4 letters in my name.")
    name = StringField("Type your name to sign")


PARTS = [
    {"text": "Dear Senator Calloway:"},
    {
        "text": "I manage the Halvorsen Magnetics plant in Findlay, Ohio. 214 people work here, making permanent magnets."
    },
    {
        "text": "Last fall a nine-week wait for dysprosium idled our second line and we sent 31 people home.",
        "own": True,
    },
    {"text": "I ask you to vote for H.R. 4776, which your committee is working on.", "only": True},
    {"text": "Maya Lindqvist\nPlant Manager, Halvorsen Magnetics", "kind": "signature"},
]
STOPS = [
    {"label": "Signed", "note": "Mar 12, 2:04 pm", "state": "past"},
    {"label": "Sent", "note": "2:05 pm", "state": "past"},
    {"label": "Delivered", "note": "2:06 pm, receipt", "state": "now"},
    {"label": "Acknowledged", "state": ""},
    {"label": "Replied", "note": "often 3 to 6 weeks", "state": ""},
]
STUCK = [*STOPS[:2], {"label": "Came back", "note": "Mar 24, room moved", "state": "wait"}, *STOPS[3:]]
TIMELINE = [
    {"at": NOW, "text": "You signed", "small": "Text fixed, 1,286 characters", "tone": "g"},
    {"at": NOW + timedelta(minutes=6), "text": "Portal busy, tried again after 10 minutes", "tone": "b"},
    {"at": NOW + timedelta(hours=6), "text": "Came back", "small": "room moved", "tone": "o"},
]
REACH = {
    "OH": Reach(11, 11),
    "MI": Reach(8, 9),
    "NY": Reach(3, 6),
    "FL": Reach(2, 5),
    "MA": Reach(0, 3),
    "PR": Reach(1, 1),
}
FUNNEL = charts.funnel(
    [
        [Step("Invited", 4860), Step("Opened the page", 742, time="–"), Step("Signed", 611, time="71 s", strong=True)],
        [
            Step("Letters", 1968, share="3.2 each"),
            Step("Accepted by office", 1871, time="9 s", strong=True),
            Step("Confirmed", 1402, time="2 min"),
            Step("Answered", 118, share="6.3% so far", time="19 days", strong=True, tone="f-there"),
        ],
    ],
    "Funnel: 4,860 invited, 611 signed; 1,968 letters, 1,871 accepted, 118 answered",
)
STATES: list[dict[str, Any]] = [
    {"status": None},
    {"status": None, "action_status": "awaiting_confirmation"},
    {"status": None, "action_status": "in_review"},
    {"status": "queued", "channel": "handoff"},
    {"status": "queued", "until": "Fri 9:00 am ET"},
    {"status": "sending"},
    {"status": "queued", "attempts": 2},
    {"status": "accepted"},
    {"status": "delivered"},
    {"status": "delivered", "response": "acknowledged"},
    {"status": "delivered", "response": "replied"},
    {"status": "held", "reason": "bill changed"},
    {"status": "unclear"},
    {"status": "bounced"},
    {"status": "refused"},
    {"status": "failed"},
    {"status": "delivered", "response": "no_reply"},
    {"status": None, "action_status": "declined"},
    {"status": "cancelled"},
    {"status": "expired"},
]
RAIL = [
    {
        "title": "Critical minerals 2026",
        "links": [
            {"label": "Dashboard", "url": "/desk", "icon": "gauge", "current": True},
            {"label": "Outbox", "url": "#", "icon": "plane", "count": 46},
            {"label": "Needs a person", "url": "/attention", "icon": "hand", "count": 25, "hot": True},
            {"label": "Replies", "url": "#", "icon": "inbox", "count": 12},
        ],
    },
    {"title": "Library", "links": [{"label": "Members", "url": "#", "icon": "people"}]},
]


def make_app() -> Flask:
    app = Flask("kitchen", template_folder=str(TEMPLATES), static_folder=str(STATIC), static_url_path="/static")
    app.secret_key = "only for looking"
    app.config["WTF_CSRF_ENABLED"] = False
    CSRFProtect(app)
    app.jinja_env.loader = FileSystemLoader([Path(__file__).parent / "kitchen", TEMPLATES])
    filters.register(app.jinja_env)
    organization = Thing(
        name="Makers Council", postal_lines=["1400 Example Avenue", "Washington, DC 20001"], is_demonstration=True
    )
    actor = Thing(name="Maya Lindqvist", company="Halvorsen Magnetics", is_organizer=False, role="")

    @app.context_processor
    def shared() -> dict[str, Any]:
        return {
            "static_url": lambda name: f"/static/{name}",
            "organization": organization,
            "actor": actor,
            "now": NOW,
            "zone": "America/New_York",
            "closes": NOW + timedelta(days=7, hours=9),
            "rail": RAIL,
            "states": STATES,
            "list": STOPS,
            "stuck": STUCK,
            "rows": TIMELINE,
            "parts": PARTS,
        }

    @app.after_request
    def strict(response: Any) -> Any:
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'"
        )
        return response

    _pages(app)
    return app


def _pages(app: Flask) -> None:
    steps = [
        {"label": "Pick", "url": "#", "state": "done"},
        {"label": "Your facts", "state": "current"},
        {"label": "Letters", "state": ""},
    ]

    @app.route("/member", methods=["GET", "POST"])
    def member() -> str:
        form = Sample(happened=["We stopped a line"], picks=["Pass permitting reform"], jobs=214)
        return render_template(
            "kitchen_member.html", form=form, steps=steps, steps_left="About 50 seconds left", not_you_url="#"
        )

    @app.get("/member-error")
    def member_error() -> ResponseReturnValue:
        form = Sample(zip_code="4584")
        form.validate()
        form.happened.errors = ["Pick at most three"]
        form.consent.errors = ["Tick the box to let us send these 4 letters in your name"]
        form.name.errors = ["Type your full name to sign"]
        return render_template("kitchen_member.html", form=form, steps=steps), 200

    @app.get("/tracker")
    def tracker() -> str:
        flash("Saved")
        return render_template("kitchen_tracker.html", sign_out_url="#")

    @app.get("/desk")
    def desk() -> str:
        return render_template(
            "kitchen_desk.html",
            funnel=FUNNEL,
            bars=charts.bars(
                [6, 7, 5, 7, 15, 22, 14],
                [f"1:{m:02} pm" for m in range(4, 11)],
                "0 to 22 a minute, now 14",
                unit="/min",
            ),
            tiles=charts.tile_map(REACH, "Offices reached by state: all in Ohio, none in Massachusetts"),
            standing=charts.positions_bar([41, 38, 87, 22, 15], "41 support, 38 leaning for, 87 unknown, 37 against"),
            families_now={"you": 14, "move": 46, "there": 1871, "stuck": 25, "done": 12},
        )

    @app.get("/attention")
    def attention() -> str:
        form = Sample()
        form.fate.errors = ["Choose what should happen"]
        return render_template("kitchen_attention.html", form=form)

    @app.get("/confirm")
    def confirm() -> str:
        return render_template(
            "components/confirm.html",
            layout="base.html",
            question="Cancel 31 queued letters?",
            body="They have not left. Members are told, and can sign again later. 3 letters being sent now cannot be stopped.",
            action_url="#",
            confirm_label="Cancel 31 letters",
            keep_label="Keep them",
            keep_url="/desk",
        )

    @app.get("/e/<int:code>")
    def error(code: int) -> str:
        kept = [("In your own words", "Last fall a nine-week wait idled our second line.")]
        return app.jinja_env.get_template(f"errors/{code}.html").render(kept=kept, retry_after_s=30)


if __name__ == "__main__":
    make_app().run(port=int(sys.argv[1]) if len(sys.argv) > 1 else 8099)
