"""Every page states who may see it, and every form carries its token."""

from __future__ import annotations

import pytest
from flask import Flask
from werkzeug.routing import Rule

RULES = {"everyone", "members", "organizers", "admins", "scrapers"}
WITHOUT_TOKEN = {"public.unsubscribe", "hooks.print_notice"}
"""Mail programs post the one-click form of RFC 8058, without a page of ours before it; providers sign what they post."""


def _url(app: Flask, rule: Rule) -> str:
    """An address that the rule matches; what it names does not exist."""
    with app.test_request_context():
        values: dict[str, object] = {
            name: 1 if rule._converters[name].__class__.__name__ == "IntegerConverter" else "x"
            for name in rule.arguments
        }
        built = rule.build(values)
        assert built is not None
        return built[1]


def test_every_route_has_an_access_rule(house_app: Flask) -> None:
    without = [
        rule.endpoint
        for rule in house_app.url_map.iter_rules()
        if getattr(house_app.view_functions[rule.endpoint], "access_rule", None) not in RULES
    ]
    assert without == []


def test_every_desk_page_is_for_organizers_or_admins(house_app: Flask) -> None:
    open_desk = [
        rule.rule
        for rule in house_app.url_map.iter_rules()
        if rule.rule.startswith(("/organize", "/admin"))
        and getattr(house_app.view_functions[rule.endpoint], "access_rule", "") not in ("organizers", "admins")
    ]
    assert open_desk == []


def test_a_form_without_its_token_is_refused_everywhere_but_where_mail_programs_post(house_app: Flask) -> None:
    client = house_app.test_client()
    taken = set()
    for rule in house_app.url_map.iter_rules():
        for method in (rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}:
            if rule.endpoint in WITHOUT_TOKEN:
                continue
            answer = client.open(_url(house_app, rule), method=method, data={"name": "Ada"})
            if answer.status_code != 400 or b"form" not in answer.data:
                taken.add((rule.rule, method, answer.status_code))
    assert taken == set()


def test_the_list_of_routes_without_token_is_what_the_extension_exempts(house_app: Flask) -> None:
    csrf = house_app.extensions["csrf"]
    views = {f"{view.__module__}.{view.__name__}": name for name, view in house_app.view_functions.items()}
    assert {views[name] for name in csrf._exempt_views} == WITHOUT_TOKEN
    assert csrf._exempt_blueprints == set()


@pytest.mark.parametrize("path", ["/register", "/reset", "/change", "/tf-setup", "/wan-register", "/verify"])
def test_no_page_of_the_accounts_library_is_reached_but_signing_in(house_app: Flask, path: str) -> None:
    assert house_app.test_client().get(f"/account{path}").status_code == 404


def test_every_answer_carries_the_security_headers(house_app: Flask) -> None:
    headers = house_app.test_client().get("/healthz").headers
    assert "'unsafe-inline'" not in headers["Content-Security-Policy"]
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
