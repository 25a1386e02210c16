"""The language of letter templates: Jinja, cut down to what a letter needs.

Two walls. At save, an allow-list of syntax nodes, filters and fields: no calls, no arithmetic, no underscore names, no nested
loops, which stops what would eat time and memory as well as what would reach objects. At render, Jinja's immutable sandbox
and values that are text. A field that is empty may be asked about (`{% if member.title %}`) and may not be printed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from jinja2 import Template, TemplateError, TemplateSyntaxError, Undefined, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from campaign.domain.errors import CannotRender

OUTPUT_LIMIT = 200_000  # characters

_ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Getattr,
    nodes.If,
    nodes.CondExpr,
    nodes.For,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Const,
    nodes.Filter,
    nodes.Test,
)
_FILTERS: dict[str, Callable[..., str]] = {
    # str() first: an absent value then names itself
    "upper": lambda text: str(text).upper(),
    "lower": lambda text: str(text).lower(),
    "capitalize": lambda text: str(text).capitalize(),
    "first_upper": lambda text: str(text)[:1].upper() + str(text)[1:],
}
_TESTS = frozenset({"defined"})


@dataclass(frozen=True, slots=True)
class Fault:
    line: int
    message: str


class _Missing(Undefined):
    """Falsy when asked about, an error with the field's name when printed."""

    def _name(self) -> str:
        label = getattr(self._undefined_obj, "_label", "")
        return f"{label}.{self._undefined_name}" if label else str(self._undefined_name)

    def __str__(self, *_other: object) -> str:
        raise CannotRender(f"{self._name()} is empty, and the letter needs it", field=self._name())

    __iter__ = __len__ = __eq__ = __hash__ = __str__  # type: ignore[assignment]  # no use of an absent value is silent

    def __bool__(self) -> bool:
        return False


def _environment() -> ImmutableSandboxedEnvironment:
    env = ImmutableSandboxedEnvironment(undefined=_Missing, autoescape=False, keep_trailing_newline=False)
    env.globals.clear()
    env.filters.clear()
    env.filters.update(_FILTERS)
    env.tests = {name: test for name, test in env.tests.items() if name in _TESTS}
    return env


_ENV = _environment()


def group(label: str, values: Mapping[str, str | None]) -> SimpleNamespace:
    """Facts under one name, as templates see them; empty ones are left out, so that printing one is an error."""
    return SimpleNamespace(_label=label, **{name: value for name, value in values.items() if value})


def faults(source: str, fields: Mapping[str, frozenset[str]]) -> list[Fault]:
    """What is wrong with a source, by line; empty when it may be saved. `fields` maps each group to its fields."""
    try:
        tree = _ENV.parse(source)
    except TemplateSyntaxError as error:
        return [Fault(error.lineno, f"{error.message or 'cannot be read'}")]
    found: list[Fault] = []
    _walk(tree, fields, frozenset(), found)
    return found


def _walk(
    node: nodes.Node, fields: Mapping[str, frozenset[str]], loop_names: frozenset[str], found: list[Fault]
) -> None:
    if not isinstance(node, _ALLOWED):
        found.append(Fault(node.lineno, f"{type(node).__name__.lower()} is not used in letters"))
        return
    if isinstance(node, nodes.For):
        if (
            loop_names
            or node.recursive
            or not isinstance(node.iter, nodes.Name)
            or not isinstance(node.target, nodes.Name)
        ):
            found.append(Fault(node.lineno, "a loop goes over one plain name and holds no other loop"))
            return
        loop_names = loop_names | {node.target.name}
    problem = _problem(node, fields, loop_names)
    if problem:
        found.append(Fault(node.lineno, problem))
        return
    for child in node.iter_child_nodes():
        if isinstance(node, nodes.Getattr) and isinstance(child, nodes.Name):
            continue  # its group was looked at with the field
        _walk(child, fields, loop_names, found)


def _problem(node: nodes.Node, fields: Mapping[str, frozenset[str]], loop_names: frozenset[str]) -> str | None:
    match node:
        case nodes.Filter(name=name) if name not in _FILTERS or node.args or node.kwargs:
            return f"there is no filter {name} in letters"
        case nodes.Test(name=name) if name not in _TESTS:
            return f"there is no test {name} in letters"
        case nodes.Getattr(node=nodes.Name(name=name), attr=attr):
            return _field_problem(name, attr, fields)
        case nodes.Getattr():
            return "a field has two parts, like member.name"
        case nodes.Name(name=name) if name not in loop_names and fields.get(name) != frozenset():
            return f"there is no field {name}"
        case _:
            return None


def _field_problem(name: str, attr: str, fields: Mapping[str, frozenset[str]]) -> str | None:
    if attr in fields.get(name, frozenset()):
        return None
    known = [f"{group_name}.{each}" for group_name, names in fields.items() for each in names]
    close = get_close_matches(f"{name}.{attr}", known, n=1)
    return f"there is no field {name}.{attr}" + (f". Did you mean {close[0]}?" if close else "")


@lru_cache(maxsize=4096)
def _compiled(source: str) -> Template:
    try:
        return _ENV.from_string(source)
    except TemplateError as error:
        raise CannotRender(f"the template cannot be read: {error}") from error


def render(source: str, facts: Mapping[str, Any]) -> str:
    """Raises CannotRender, naming the field, where a value is absent or empty. Sources must have passed `faults`."""
    try:
        text = _compiled(source).render(facts)
    except TemplateError as error:
        raise CannotRender(f"the letter cannot be written: {error}") from error
    if len(text) > OUTPUT_LIMIT:
        raise CannotRender(f"the letter would be longer than {OUTPUT_LIMIT} characters")
    return text
