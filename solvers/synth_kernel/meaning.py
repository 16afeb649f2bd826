"""The meaning of a family: templates that turn the tree of a text into a theory, an answer or a step.

A meaning is a table `"alias(parameter, *rest)" = "template"`. The children of a node are evaluated first, left to
right; then the template with the parameters bound to their values. A value is an integer, a symbol, a term or a list;
values are never expanded again. Every loop runs over a finite list, nothing recurses but over the tree, and one fuel
bounds the whole, so reading is total. docs/meaning.md specifies the language; `FORMS` below is its table.

>>> meaning = Meaning({"problem(x, *e)": "(problem (unknown x Rational) (for t e (clause t)) (ask (find x)))",
...                    "is(a, b)": "(= a b)"})
>>> meaning.problem(("problem", "x", ("is", "x", "3"))).theory.text()
'(theory (declare x Rational) (clause (= x 3)) (ask (find x)))'
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from inspect import signature
from typing import Any, TypeAlias

from synth_kernel.claims import ASKS, Theory
from synth_kernel.evaluate import Undecided, Undefined, evaluate
from synth_kernel.polynomial import from_term, primitive
from synth_kernel.terms import OPERATORS, Term, TermError, number, read, write

Tree: TypeAlias = "tuple[str | Tree, ...]"  # (alias, child, …); a child is a tree or the text of a terminal
Value: TypeAlias = Any  # int | Fraction | str | tuple (a term or a part of a theory) | list
Scope: TypeAlias = dict[str, Value]
Code: TypeAlias = Callable[["Reading", Scope], Value]

FUEL = 200_000  # nodes evaluated for one text
SORTS = {"Bool", "Int", "Rational", "Real", "Expr", "Open"}
_CONSTANTS = SORTS | {"true", "false"}
_BINDING = ("for", "let", "define")  # forms whose first argument is a pattern or a name
PARTS = {"axiom", "clause", "domain", "ask", "arc", "enum", "Walk", "poly", "else", "model", "values", "identity", "I",
         "F", "Word", "Plan", "variable", "move", "set", "goal", "Member", "Relation", "Prog",
         "params", "block", "branch", "loop", "return", "floordiv", "floormod", "min", "max", "andalso",
         "orelse"}  # fmt: skip
_PARAMETERS = re.compile(r"([a-z]\w*)\(((?:\*?\w+)?(?:, \*?\w+)*)\)\Z", re.ASCII)
_SPLICE = re.compile(r"(?<![^\s(])\*([A-Za-z_][\w.]*)", re.ASCII)


class MeaningError(ValueError):
    """A template is wrong (at load), or a tree has no meaning (at reading)."""


class _Marker(list[Value]):
    """A list to be spliced into the enclosing one."""


class Meaning:
    """The compiled templates of one family. Loading checks every name; see `problem` for use."""

    def __init__(self, table: Mapping[str, str]) -> None:
        sources: dict[str, tuple[list[str], Term]] = {}
        for key, text in table.items():
            found = _PARAMETERS.match(key)
            if found is None or found[1] in sources:
                raise MeaningError(f"a meaning begins name(parameter, *rest), a name of its own, not {key!r}")
            try:
                body = read(_SPLICE.sub(r"(splice \1)", text))
            except TermError as error:
                raise MeaningError(f"{key}: {error}") from None
            sources[found[1]] = ([name.strip() for name in found[2].split(",") if name], body)
        self._indexed: set[str] = set()
        self._defined: set[str] = set()
        self._bound: set[str] = set()  # by a quantifier
        for parameters, part in [(names, part) for names, body in sources.values() for part in _applications(body)]:
            match part:
                case ("unknown", (str(head), *_), _) | ("variable", (str(head), *_), _, _):
                    self._indexed.add(head)
                case ("define", str(name), _):
                    self._defined.add(name)
                case ("forall" | "exists", str(name), _, _) if name not in parameters:
                    self._bound.add(name)
        self.parameters = {alias: parameters for alias, (parameters, _) in sources.items()}
        self._templates = {alias: self._template(alias, *source) for alias, source in sources.items()}
        # the last header, its value, what it defined and cost: problems often share a large one
        self._header: tuple[Any, list[Value], Scope, int] = (None, [], {}, 0)

    def problem(self, tree: Tree) -> Reading:
        """Read a problem; raise MeaningError or TermError where it has none."""
        reading = Reading(self, {})
        header, first, scope, fuel = self._header
        if header == tree[1:2]:
            reading._scope.update(scope)
            reading.burn(fuel)  # as much as the first time: what is remembered must not change a verdict
        else:
            first = [reading.value(header) for header in tree[1:2]]
            self._header = (tree[1:2], first, dict(reading._scope), FUEL - reading._fuel)
        parts = reading.apply(tree[0], [*first, *map(reading.value, tree[2:])])
        if not isinstance(parts, list):
            raise MeaningError(f"the meaning of {tree[0]} is not a (problem …)")
        reading.theory = Theory.of(parts)
        return reading

    # ---- compiling ---------------------------------------------------------------------------------------------

    def _template(self, alias: str, parameters: list[str], body: Term) -> tuple[list[str], int | None, Code]:
        """Return the names of the parameters, the place of the one that takes the rest, and the code."""
        stars = [place for place, name in enumerate(parameters) if name.startswith("*")]
        names = [name.lstrip("*") for name in parameters]
        if len(stars) > 1 or len(set(names)) < len(names):
            raise MeaningError(f"{alias}: parameters are distinct and at most one begins with *")
        if taken := set(names) & _CONSTANTS:
            raise MeaningError(f"{alias}: the parameter {min(taken)!r} has a meaning already; call it otherwise")
        return names, (stars[0] if stars else None), self._compile(alias, body, set(names))

    def _compile(self, alias: str, body: Term, local: set[str], in_sort: bool = False) -> Code:
        """Compile a part of a template; in a declared sort `(range lo hi)` is a sort, not a list."""
        if not isinstance(body, tuple):
            return self._atom(alias, body, local)
        head, *parts = body
        assert isinstance(head, str)
        form = _range_sort if in_sort and head == "range" else FORMS.get(head)
        if form is None:
            if head not in self._indexed | OPERATORS | PARTS | {*ASKS}:
                raise MeaningError(
                    f"{alias}: unknown name {head!r}; an operator, a form or an indexed unknown stands here"
                )
            make = _indexed_name if head in self._indexed else _application
            codes = [self._compile(alias, part, local, head == "variable") for part in parts]
            return lambda reading, scope: make(head, _all(reading, scope, codes))
        fixed, rest = parts[: head in _BINDING], parts[head in _BINDING :]
        try:
            signature(form).bind(None, {}, *parts)
            assert head != "define" or isinstance(fixed[0], str)
        except (TypeError, AssertionError):
            raise MeaningError(f"{alias}: ({head} …) is not formed like that: {write(body)[:80]}") from None
        inner = local.union(*[_names(alias, pattern) for pattern in fixed])
        given: list[Any] = [*fixed, *[self._compile(alias, part, local, head == "unknown") for part in rest[:1]]]
        given += [self._compile(alias, part, inner, head == "unknown") for part in rest[1:]]

        def run(reading: Reading, scope: Scope) -> Value:
            try:
                return form(reading, scope, *given)
            except (TypeError, IndexError) as error:
                raise MeaningError(f"{alias}: ({head} …) cannot take such values: {error}") from None

        return run

    def _atom(self, alias: str, atom: Any, local: set[str]) -> Code:
        if not isinstance(atom, str) or atom.startswith("'") or atom in _CONSTANTS:
            return lambda reading, scope: atom
        if atom in local:
            return lambda reading, scope: scope[atom]
        if atom in self._defined:
            return lambda reading, scope: reading.lookup(atom)
        if atom in self._bound:
            return lambda reading, scope: atom
        raise MeaningError(f"{alias}: unknown name {atom!r}; write 'constant for a constant of its own")


class Reading:
    """One text being read: the theory of its problem, what its header defined, and the fuel left."""

    theory: Theory

    def __init__(self, meaning: Meaning, defined: Scope) -> None:
        self._meaning = meaning
        self._scope = defined
        self._fuel = FUEL

    def answer(self, tree: Tree) -> Term:
        """Return the answer that a solution tree states, bindings in the order of declaration."""
        answer = self.term(tree)
        if not isinstance(answer, tuple) or answer[0] != "model":
            return answer
        bound: dict[str | None, Term] = {}  # what is bound otherwise stands under None
        for part in answer[1:]:
            match part:
                case ("=", str(name), value) if name not in bound:
                    bound[name] = value
                case ("else", value) if None not in bound:
                    bound[None] = value
                case _:
                    raise MeaningError(f"an answer binds each unknown once: {write(part)[:60]}")
        order = self.theory.declared
        extra = [name for name in bound if name is not None and name not in order]
        silent = [name for name in order if name not in bound and None not in bound]
        if extra or silent:
            problem = (
                f"the problem has no unknown {extra[0]}" if extra else f"the answer says nothing about {silent[0]}"
            )
            raise MeaningError(problem)
        return ("model", *[("=", name, bound[name if name in bound else None]) for name in order])

    def term(self, tree: Tree) -> Term:
        """Return the term that an answer or a step states."""
        value = Reading(self._meaning, dict(self._scope)).value(tree)
        if isinstance(value, list):
            raise MeaningError(f"the meaning of {tree[0]} is a list, not a term")
        return value  # type: ignore[no-any-return]

    def value(self, tree: Tree | str) -> Value:
        """Evaluate one node: the text of a terminal is an integer or a symbol."""
        if isinstance(tree, str):
            return int(tree) if tree.isascii() and tree.isdigit() and len(tree) <= 200 else tree
        self.burn(1)
        return self.apply(tree[0], [self.value(child) for child in tree[1:]])

    def apply(self, alias: Tree | str, values: list[Value]) -> Value:
        """Apply the template of an alias to the values of its children."""
        template = self._meaning._templates.get(alias)  # type: ignore[arg-type]
        if template is None:
            raise MeaningError(f"no meaning for {alias!r}")
        names, star, code = template
        if len(values) != len(names) if star is None else len(values) < len(names) - 1:
            raise MeaningError(f"{alias} takes {', '.join(names)}, not {len(values)} parts")
        if star is not None:
            end = len(values) - len(names) + star + 1
            values = [*values[:star], values[star:end], *values[end:]]
        value = code(self, dict(zip(names, values, strict=True)))
        return [*value] if type(value) is _Marker else value  # only inside its template does a `for` splice itself

    def lookup(self, name: str) -> Value:
        """Return what the header defined; raise MeaningError if it did not."""
        if name not in self._scope:
            raise MeaningError(f"{name!r} is used before it is defined")
        return self._scope[name]

    def define(self, name: str, value: Value) -> None:
        """Make a name visible to what follows."""
        if name in self._scope:
            raise MeaningError(f"{name!r} is defined twice")
        self._scope[name] = value

    def burn(self, amount: int) -> None:
        """Use fuel; raise MeaningError when none is left."""
        self._fuel -= amount
        if self._fuel < 0:
            raise MeaningError(f"the text needs more than {FUEL} nodes")


# ---- values --------------------------------------------------------------------------------------------------------


def _list(value: Value) -> list[Value]:
    if not isinstance(value, list):
        raise MeaningError(f"{write(value)[:60]} is not a list")
    return value


def _static(value: Value) -> Value:
    """Evaluate a term without unknowns to a number, a truth value or a symbol."""
    if isinstance(value, list):
        raise MeaningError("a list where a number or symbol must stand")
    try:
        result = evaluate(value, {})
    except (Undefined, Undecided, TypeError, KeyError, AttributeError) as error:
        raise MeaningError(f"{write(value)[:60]} has no value here: {error}") from None
    return number(result) if isinstance(result, Fraction) else result


def _integer(value: Value) -> int:
    result = _static(value)
    if type(result) is not int:
        raise MeaningError(f"{write(value)[:60]} is not an integer")
    return result


def _indexed_name(head: str, parts: list[Value]) -> str:
    indices = [_static(part) for part in parts]
    if not all((type(index) is int and index >= 0) or isinstance(index, str) for index in indices):
        raise MeaningError(f"{head} is indexed by integers ≥ 0 and symbols")
    return ".".join([head, *[str(index).lstrip("'") for index in indices]])


def _application(head: str, parts: list[Value]) -> Term:
    return (head, *parts)


def _applications(body: Term) -> Iterator[Term]:
    if isinstance(body, tuple):
        yield body
        for part in body[1:]:
            yield from _applications(part)


def _names(alias: str, pattern: Term) -> set[str]:
    names = pattern if isinstance(pattern, tuple) else (pattern,)
    if not all(isinstance(name, str) and name.isidentifier() for name in names):
        raise MeaningError(f"{alias}: a pattern is a name or (names …), not {write(pattern)}")
    return set(names)  # type: ignore[arg-type]


def _bind(pattern: Any, value: Value) -> Scope:
    if not isinstance(pattern, tuple):
        return {pattern: value}
    if len(_list(value)) != len(pattern):
        raise MeaningError(f"{write(pattern)} does not fit a list of {len(value)}")
    return dict(zip(pattern, value, strict=True))


def _all(reading: Reading, scope: Scope, codes: Sequence[Code]) -> list[Value]:
    reading.burn(len(codes))
    result: list[Value] = []
    for code in codes:
        value = code(reading, scope)
        if type(value) is _Marker:
            reading.burn(len(value))
            result += value
        else:
            result.append(value)
    return result


# ---- forms ---------------------------------------------------------------------------------------------------------
# A form is applied to the reading, the scope and its compiled arguments; each is one line of the table in
# docs/meaning.md. A pattern, or the name that is defined, is not compiled.


def _for(reading: Reading, scope: Scope, pattern: Term, source: Code, *bodies: Code) -> Value:
    result = _Marker()
    for item in _list(source(reading, scope)):
        result += _all(reading, {**scope, **_bind(pattern, item)}, bodies)
    return result


def _when(reading: Reading, scope: Scope, condition: Code, *bodies: Code) -> Value:
    return _Marker(_all(reading, scope, bodies) if _static(condition(reading, scope)) is True else ())


def _if(reading: Reading, scope: Scope, condition: Code, yes: Code, no: Code) -> Value:
    return (yes if _static(condition(reading, scope)) is True else no)(reading, scope)


def _let(reading: Reading, scope: Scope, pattern: Term, source: Code, body: Code) -> Value:
    return body(reading, {**scope, **_bind(pattern, source(reading, scope))})


def _define(reading: Reading, scope: Scope, name: str, value: Code) -> Value:
    reading.define(name, value(reading, scope))
    return _Marker()


def _unknown(reading: Reading, scope: Scope, name: Code, sort: Code) -> Value:
    return ("declare", name(reading, scope), sort(reading, scope))


def _range_sort(reading: Reading, scope: Scope, low: Code, high: Code) -> Value:
    return ("range", _integer(low(reading, scope)), _integer(high(reading, scope)))


def _problem(reading: Reading, scope: Scope, *parts: Code) -> Value:
    return _flat(_all(reading, scope, parts))


def _flat(values: list[Value]) -> list[Value]:
    return [part for value in values for part in (_flat(value) if isinstance(value, list) else [value])]


def _splice(reading: Reading, scope: Scope, items: Code) -> Value:
    return _Marker(_list(items(reading, scope)))


def _function(apply: Callable[..., Value]) -> Callable[..., Value]:
    """Make a form of a function of the values of its arguments."""

    def form(reading: Reading, scope: Scope, *codes: Code) -> Value:
        result = apply(*_all(reading, scope, codes))
        reading.burn(len(result) if isinstance(result, list) else 1)
        return result

    return form


def _range(low: Value, high: Value) -> list[Value]:
    first, last = _integer(low), _integer(high)
    if last - first > FUEL:
        raise MeaningError("a range is too long")
    return list(range(first, last + 1))


def _number(value: Value) -> Value:
    result = _static(value)
    if type(result) not in (int, Fraction):
        raise MeaningError(f"{write(value)[:60]} is not an exact number")
    return result


def _polynomial(term: Value, unknown: Value) -> Value:
    """Return `(poly c0 c1 …)`, coprime integers with the same roots as a polynomial term."""
    return ("poly", *primitive(from_term(term, unknown)))


def _index(items: Value, start: Value = 1) -> list[Value]:
    first = _integer(start)
    return [[first + place, item] for place, item in enumerate(_list(items))]


FORMS: dict[str, Callable[..., Value]] = {
    "for": _for,
    "when": _when,
    "if": _if,
    "let": _let,
    "define": _define,
    "unknown": _unknown,
    "problem": _problem,
    "list": _function(lambda *items: list(items)),
    "splice": _splice,
    "range": _function(_range),
    "index": _function(_index),
    "pairs": _function(lambda items: [list(pair) for pair in zip(_list(items), items[1:], strict=False)]),
    "init": _function(lambda items: _list(items)[:-1]),
    "last": _function(lambda items: _list(items)[-1]),
    "first": _function(lambda items: _list(items)[0]),
    "item": _function(lambda items, place: _list(items)[_integer(place) - 1]),
    "len": _function(lambda items: len(_list(items))),
    "in": _function(lambda item, items: "true" if write(item) in map(write, _list(items)) else "false"),
    "constant": _function(lambda name: "'" + str(name).removeprefix("'")),
    "number": _function(_number),
    "polynomial": _function(_polynomial),
}
