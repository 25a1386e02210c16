"""Templates: all used, all readable, nothing inline that the content policy refuses."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from flask import Flask
from jinja2 import nodes

from campaign import paths
from campaign.models.mail import MailKind
from campaign.services import reminders
from campaign.web.errors import TITLES

ALL = sorted(path.relative_to(paths.TEMPLATES).as_posix() for path in paths.TEMPLATES.rglob("*") if path.is_file())
PAGES = [name for name in ALL if name.endswith(".html")]
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
OPTIONAL_END = {"li", "dt", "dd", "p", "tr", "td", "th", "thead", "tbody", "option"}
SPARE = {"components/confirm.html"}
"""Drawn on the page of all components (tests/browser/kitchen_sink.py) and on no page of the product yet."""
_JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)


def _source(name: str) -> str:
    return (paths.TEMPLATES / name).read_text()


def _referenced(app: Flask) -> set[str]:
    """Names in Python strings and in other templates, and those that are put together from a kind or a status."""
    found = {
        f"email/{kind}/{name}"
        for kind in (*MailKind, reminders.TEMPLATE)
        for name in ("subject.txt", "body.txt", "body.html")
    }
    found |= {f"errors/{status}.html" for status in TITLES}
    for path in paths.PACKAGE.rglob("*.py"):
        found |= set(re.findall(r"[\"']([\w/]+\.(?:html|txt))[\"']", path.read_text()))
    for name in ALL:
        base = "email/" if name.startswith("email/") else ""  # mails are drawn by an environment of their own
        for node in app.jinja_env.parse(_source(name)).find_all(
            (nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)
        ):
            assert isinstance(node, nodes.Extends | nodes.Include | nodes.Import | nodes.FromImport)
            if isinstance(node.template, nodes.Const):
                found.add(base + str(node.template.value))
    return found


def test_every_template_is_used(house_app: Flask) -> None:
    assert set(ALL) - _referenced(house_app) == SPARE


def test_every_template_that_is_named_exists(house_app: Flask) -> None:
    folders = {path.name for path in paths.TEMPLATES.iterdir()}
    missing = {name for name in _referenced(house_app) - set(ALL) if name.split("/")[0] in folders}
    assert missing - {"errors/405.html"} == set()  # drawn as 404


@pytest.mark.parametrize("name", ALL)
def test_a_template_can_be_compiled(house_app: Flask, name: str) -> None:
    house_app.jinja_env.compile(_source(name), name)


@pytest.mark.parametrize("name", [name for name in PAGES if not name.startswith("email/")])
def test_a_page_has_no_inline_style_and_no_inline_script(name: str) -> None:
    """Mail programs need styles at the elements; pages are refused them by our own content policy."""
    text = re.sub(r"\{#.*?#\}", "", _source(name), flags=re.DOTALL)
    assert not re.search(r"\sstyle\s*=|<style\b|\son[a-z]+\s*=\s*[\"']|javascript:", text, re.IGNORECASE)
    for attributes, body in re.findall(r"<script\b([^>]*)>(.*?)</script>", text, re.DOTALL | re.IGNORECASE):
        assert "src=" in attributes
        assert not body.strip()


def test_only_our_own_words_pass_unescaped(house_app: Flask) -> None:
    """`safe` stands behind literals, and behind the paths of the icons."""
    wrong = [
        name
        for name in ALL
        for node in house_app.jinja_env.parse(_source(name)).find_all(nodes.Filter)
        if node.name in ("safe", "forceescape", "xmlattr")
        and not isinstance(node.node, nodes.Const)
        and name != "components/icons.html"
    ]
    assert wrong == []


class _Balance(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open[-1] != tag and self.open[-1] in OPTIONAL_END:
            self.open.pop()
        if self.open and self.open[-1] == tag:
            self.open.pop()
        else:
            self.faults.append(f"line {self.getpos()[0]}: </{tag}> where {self.open[-1:] or 'nothing'} is open")


@pytest.mark.parametrize("name", PAGES)
def test_the_elements_of_a_template_are_closed_in_order(name: str) -> None:
    """Also without its statements: an element is opened and closed under the same condition."""
    parser = _Balance()
    parser.feed(_JINJA.sub(lambda match: re.sub(r"[^\n]", "", match[0]), _source(name)))
    parser.close()
    left = [tag for tag in parser.open if tag not in OPTIONAL_END]
    assert (parser.faults, left) == ([], [])
