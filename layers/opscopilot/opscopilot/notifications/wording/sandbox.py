"""Where templates run: Jinja2's immutable sandbox, every variable required, only what cannot grow without bound.

What an alert says is data and never template text, so a title such as "{{ 7*7 }}" or "<script>" is shown as it is
written (P-64). A tenant's template can choose, order and format what it is given, and nothing else: no calls, no
assignments, no other files; loops only over the lists it is given.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, nodes
from jinja2.exceptions import SecurityError, TemplateSyntaxError
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

MAX_OUTPUT = 200_000
"""Characters; a mail of more is cut by many mailboxes, and a loop over a loop must end somewhere."""
FILTERS = (
    "abs", "br", "capitalize", "count", "d", "default", "e", "escape", "first", "join", "last", "length", "lower", "reverse",
    "round", "select", "sort", "title", "trim", "truncate", "upper",
)  # fmt: skip
TESTS = ("defined", "undefined", "none", "in", "eq", "ne", "lt", "gt", "le", "ge", "equalto", "even", "odd")
LISTS = ("actions", "alerts", "amounts", "figures", "groups", "links", "paragraphs", "totals")
LOOP = ("first", "last", "index", "index0", "revindex", "length")
_FORBIDDEN: dict[type[nodes.Node], str] = {
    nodes.Call: "calls", nodes.Assign: "'set'", nodes.AssignBlock: "'set'", nodes.Macro: "macros",
    nodes.CallBlock: "'call'", nodes.FilterBlock: "'filter' blocks", nodes.Block: "blocks", nodes.Extends: "'extends'",
    nodes.Include: "'include'", nodes.Import: "'import'", nodes.FromImport: "'import'", nodes.With: "'with'",
    nodes.ScopedEvalContextModifier: "'autoescape'",
    nodes.Mul: "'*'", nodes.Pow: "'**'", nodes.Mod: "'%'",
}  # fmt: skip
_INSTEAD = "print, 'if', and 'for' over a list it is given, with the filters that are allowed"
_MOST_LOOPS = 2
_MOST_INSIDE = 100
_MOST_ITEMS = 30
_LONGEST_CONSTANT = 60


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox reduced to what wording needs. No loader: a template cannot read a file."""

    def __init__(self, *, html: bool) -> None:
        super().__init__(undefined=StrictUndefined, autoescape=html, trim_blocks=True, lstrip_blocks=True)
        self.globals.clear()
        self.filters["br"] = _broken if html else str
        self.filters = {name: self.filters[name] for name in FILTERS}
        self.tests = {name: self.tests[name] for name in TESTS}
        self.finalize = _nothing_for_none

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A named part of a fact, or `loop.first` and its like. Nothing of Python is within reach."""
        if type(obj) is dict:
            return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)
        if isinstance(obj, LoopContext) and attribute in LOOP:
            return getattr(obj, attribute)
        return self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """A part of a fact by its name, or by its place in a list."""
        try:
            return obj[argument] if isinstance(obj, dict | list) else self.undefined(obj=obj, name=argument)
        except (LookupError, TypeError):
            return self.undefined(obj=obj, name=argument)


def _nothing_for_none(value: Any) -> Any:
    return "" if value is None else value


def _broken(value: Any) -> Markup:
    """The text with its line ends and leading blanks kept in HTML, also by mail programs that know no white-space."""
    lines = (str(escape(line)) for line in str(value).splitlines())
    return Markup("<br />".join("&#160;" * (len(one) - len(one.lstrip(" "))) + one.lstrip(" ") for one in lines))


TEXT = _Sandbox(html=False)
HTML = _Sandbox(html=True)


def unsafe(tree: nodes.Template) -> tuple[int, str, str] | None:
    """The first thing in the template that it may not do: its line, what it is, and what would be right."""
    found = [fault for node in tree.find_all(nodes.Node) if (fault := _fault(node)) is not None]
    inner = [one for outer in tree.find_all(nodes.For) for one in outer.find_all(nodes.For)]
    found.extend(
        (deepest.lineno, "loops inside loops inside loops", f"at most {_MOST_LOOPS} loops inside each other")
        for one in inner for deepest in one.find_all(nodes.For)
    )  # fmt: skip
    found.extend(
        (one.lineno, "this loop inside a loop says too much", f"at most {_MOST_INSIDE} facts in it")
        for one in inner if sum(1 for _ in one.find_all(nodes.Name)) > _MOST_INSIDE
    )  # fmt: skip
    return min(found, default=None)


def _fault(node: nodes.Node) -> tuple[int, str, str] | None:
    for kind, name in _FORBIDDEN.items():
        if isinstance(node, kind):
            return node.lineno, f"{name} cannot be used", _INSTEAD
    if isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
        return node.lineno, f"'.{node.attr}' is not part of any fact", "names without a leading underscore"
    if isinstance(node, nodes.Getitem) and not _is_plain_index(node.arg):
        return node.lineno, "that index cannot be used", "a name or a whole number in the brackets"
    if isinstance(node, nodes.For) and (node.recursive or not _is_short(node.iter)):
        return node.lineno, "this loop cannot be used", f"a loop over one of {', '.join(LISTS)}"
    if isinstance(node, nodes.List | nodes.Tuple) and len(node.items) > _MOST_ITEMS:
        return node.lineno, "that list is too long", f"at most {_MOST_ITEMS} items"
    if isinstance(node, nodes.Filter) and not all(_is_brief(one) for one in (*node.args, *node.kwargs)):
        return node.lineno, f"that cannot be given to '{node.name}'", "a number or a short text"
    return None


def _is_plain_index(node: nodes.Node) -> bool:
    value = node.value if isinstance(node, nodes.Const) else None
    return isinstance(value, int) or (isinstance(value, str) and not value.startswith("_"))


def _is_brief(given: nodes.Node) -> bool:
    """Whether this is a constant that lets nothing grow: a fact between the items of a list would multiply itself."""
    node = given.value if isinstance(given, nodes.Keyword) else given
    return isinstance(node, nodes.Const) and len(str(node.value)) <= _LONGEST_CONSTANT


def _is_short(node: nodes.Node | None) -> bool:
    """Whether this is a list that the template is given or spells out itself; a text would be looped letter by letter."""
    if isinstance(node, nodes.Filter):
        return node.name in ("select", "sort", "reverse") and _is_short(node.node)
    if isinstance(node, nodes.Name):
        return node.name in LISTS
    return isinstance(node, nodes.List) or (isinstance(node, nodes.Getattr) and node.attr in LISTS)


@lru_cache(maxsize=1024)
def compiled(source: str, *, html: bool) -> Template:
    """Compiling costs ten times what rendering does, and the same few sources come again and again."""
    env = HTML if html else TEXT
    fault = unsafe(env.parse(source))
    if fault is not None:
        line, what, instead = fault
        raise TemplateSyntaxError(f"{what}; right would be: {instead}", line)
    return env.from_string(source)


def run(source: str, facts: dict[str, Any], *, html: bool = False, trusted: bool = False) -> str:
    """The template's text; SecurityError when it does not end within MAX_OUTPUT characters. What ships is `trusted`
    to end, and needs no counting."""
    if trusted:
        return compiled(source, html=html).render(facts)
    pieces, size = [], 0
    for piece in compiled(source, html=html).generate(facts):
        size += len(piece)
        if size > MAX_OUTPUT:
            raise SecurityError(f"the text is longer than {MAX_OUTPUT} characters")
        pieces.append(piece)
    return "".join(pieces)
