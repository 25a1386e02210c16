"""What may stand in a letter template, and what never."""

from __future__ import annotations

import pytest

from campaign.domain import template_language
from campaign.domain.errors import CannotRender
from campaign.domain.letters import FIELDS
from campaign.domain.template_language import OUTPUT_LIMIT, faults, group, render

ATTACKS = [
    # reaching objects
    "{{ member.__class__ }}",
    "{{ member|attr('__class__') }}",
    "{{ member|attr('\\x5f\\x5fclass\\x5f\\x5f') }}",
    "{{ '{0.__class__}'.format(member) }}",
    "{{ '{m.__class__}'.format_map({'m': member}) }}",
    "{{ ('{0.__class__}'|string).format(member) }}",
    "{{ ['{0.__class__}']|map('format', member)|list }}",
    "{{ cycler('a', 'b').next.__globals__ }}",
    "{{ self.__init__ }}",
    "{{ [member]|sum(attribute='__class__') }}",
    "{{ [member]|map(attribute='__class__')|list }}",
    "{{ [member]|groupby('__class__') }}",
    "{{ member['__class__'] }}",
    "{{ joiner }}",
    "{{ ''.join }}",
    "{{ member.name.upper() }}",
    # eating time and memory
    "{{ lipsum(n=100000) }}",
    "{% for a in member %}{% for b in member %}x{% endfor %}{% endfor %}",
    "{% for a in range(1000000000) %}x{% endfor %}",
    "{{ 'x' * 200000000 }}",
    "{{ 'x'|center(300000000) }}",
    "{{ '%300000000d'|format(1) }}",
    "{{ 'x'|indent(50000000) }}",
    "{{ 10 ** 10 ** 10 }}",
    "{{ 'x' ~ 'y' }}",
    # other syntax
    "{% include 'secret.txt' %}",
    "{% import 'other.txt' as other %}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% for a in member recursive %}{{ loop(a) }}{% endfor %}",
    "{% set x = namespace() %}",
    "{{ dict(a=1) }}",
    "{% extends 'base.txt' %}",
    "{% block b %}{% endblock %}",
    "{% filter upper %}x{% endfilter %}",
    "{{ [1, 2] }}",
    "{{ member.name if member is callable }}",
    "{{ member.name|upper('x') }}",
]


@pytest.mark.parametrize("source", ATTACKS)
def test_an_attack_is_refused_when_the_template_is_saved(source: str) -> None:
    assert faults(source, FIELDS)


@pytest.mark.parametrize(
    "source",
    [
        "Dear friend,",
        "{{ member.name|upper }} of {{ member.company }}",
        "{% if member.title %}I am {{ member.title }}.{% else %}I write to you.{% endif %}",
        "{{ facility.jobs if facility.jobs else 'Many' }} people",
        "{% if member.title and not facility.jobs or member.city == 'Kokomo' %}x{% endif %}",
        "{# a note #}{{ office.seat }}",
        "{% if docket.number is defined %}x{% endif %}",
        "A price of 100 % {and} braces",
    ],
)
def test_what_a_letter_needs_may_be_saved(source: str) -> None:
    assert faults(source, FIELDS) == []


def test_an_unknown_field_is_named_with_the_nearest_and_its_line() -> None:
    (fault,) = faults("Dear friend,\n\nI work in {{ facility.citty }}.", FIELDS)
    assert (fault.line, fault.message) == (3, "there is no field facility.citty. Did you mean facility.city?")


def test_every_fault_is_told_at_once_by_line() -> None:
    found = faults("{{ member.nam }}\n{{ lipsum() }}\n{{ nobody }}\n{{ member.name|shout }}", FIELDS)
    assert [fault.line for fault in found] == [1, 2, 3, 4]
    assert "member.name" in found[0].message
    assert found[2].message == "there is no field nobody"
    assert found[3].message == "there is no filter shout in letters"


def test_what_cannot_be_read_is_one_fault_with_its_line() -> None:
    (fault,) = faults("Dear\n{% if member.title %}", FIELDS)
    assert fault.line == 2


def test_an_empty_field_may_be_asked_about_and_not_printed() -> None:
    facts = {"member": group("member", {"name": "Ada", "title": ""})}
    assert render("{% if member.title %}x{% else %}none{% endif %}", facts) == "none"
    with pytest.raises(CannotRender) as caught:
        render("I am {{ member.title }}.", facts)
    assert caught.value.field == "member.title"


@pytest.mark.parametrize("source", ["{{ member.title|upper }}", "{{ member.title == 'x' }}", "{{ nobody }}"])
def test_no_use_of_an_absent_value_is_silent(source: str) -> None:
    with pytest.raises(CannotRender):
        render(source, {"member": group("member", {})})


def test_values_are_never_read_as_templates() -> None:
    facts = {"member": group("member", {"name": "{{ 7 * 7 }}{% raw %}"})}
    assert render("{{ member.name }}", facts) == "{{ 7 * 7 }}{% raw %}"


def test_a_letter_has_a_longest_length() -> None:
    facts = {"member": group("member", {"name": "x" * OUTPUT_LIMIT})}
    with pytest.raises(CannotRender, match="longer"):
        render("{{ member.name }}!", facts)


@pytest.mark.parametrize("source", ["{{ member.__class__ }}", "{{ member._label }}"])
def test_the_sandbox_stands_behind_the_list(source: str) -> None:
    """Should a source ever pass the list, rendering gives no object away."""
    with pytest.raises(CannotRender):
        render(source, {"member": group("member", {"name": "Ada"})})


def test_nothing_but_our_filters_and_tests_is_there() -> None:
    assert not template_language._ENV.globals
    assert set(template_language._ENV.filters) == {"upper", "lower", "capitalize", "first_upper"}
    assert set(template_language._ENV.tests) == {"defined"}
