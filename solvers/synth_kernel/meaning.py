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
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
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
SORTS = {"Bool", "Int", "Rational", "Real", "Expr"}
PARTS = {"axiom", "clause", "domain", "ask", "arc", "enum", "Walk", "poly", "else", "model", "values", "identity", "I"}
_PARAMETERS = re.compile(r"([a-z]\w*)\(((?:\*?\w+)?(?:, \*?\w+)*)\)\Z", re.ASCII)


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
            if found is None:
                raise MeaningError(f"a meaning begins name(parameter, *rest), not {key!r}")
            try:
                body = read(re.sub(r"\*(?=[A-Za-z_])", "splice.", text))
            except TermError as error:
                raise MeaningError(f"{key}: {error}") from None
            if found[1] in sources:
                raise MeaningError(f"two meanings for {found[1]}")
            sources[found[1]] = ([name.strip() for name in found[2].split(",") if name], body)
        bodies = [body for _, body in sources.values()]
        self._indexed = {head for body in bodies for head in _heads_of_unknowns(body)}
        self._defined = {name for body in bodies for name in _definitions(body)}
        self.parameters = {alias: parameters for alias, (parameters, _) in sources.items()}
        self._code = {alias: self._template(alias, *source) for alias, source in sources.items()}
        self._header: tuple[Tree, Value, Scope, int] | None = None  # the last one: problems often share a large header

    def problem(self, tree: Tree) -> Reading:
        """Read a problem; raise MeaningError or TermError where it has none."""
        reading = Reading(self, {})
        header, *rest = tree[1:] or ("",)
        if self._header is not None and self._header[0] == header:
            _, first, scope, fuel = self._header
            reading._scope.update(scope)
            reading.burn(fuel)  # as much as the first time: what is remembered must not change a verdict
        else:
            first = reading.value(header)
            self._header = (
                (header, first, dict(reading._scope), FUEL - reading._fuel) if isinstance(header, tuple) else None
            )
        parts = reading.apply(tree[0], [first, *map(reading.value, rest)] if len(tree) > 1 else [])
        if not isinstance(parts, list):
            raise MeaningError(f"the meaning of {tree[0]} is not a (problem …)")
        reading.theory = Theory.of(parts)
        return reading

    # ---- compiling ---------------------------------------------------------------------------------------------

    def _template(self, alias: str, parameters: list[str], body: Term) -> Code:
        stars = [name for name in parameters if name.startswith("*")]
        if len(stars) > 1 or len(set(parameters)) < len(parameters):
            raise MeaningError(f"{alias}: parameters are distinct and at most one begins with *")
        names = {name.lstrip("*") for name in parameters}
        if taken := names & (SORTS | {"true", "false"}):
            raise MeaningError(f"{alias}: the parameter {min(taken)!r} has a meaning already; call it otherwise")
        code = self._compile(alias, body, names)
        before = parameters.index(stars[0]) if stars else len(parameters)
        after = len(parameters) - before - 1

        def run(reading: Reading, scope: Scope) -> Value:
            values = scope["*"]
            if len(values) != len(parameters) if not stars else len(values) < len(parameters) - 1:
                raise MeaningError(f"{alias} takes {', '.join(parameters)}, not {len(values)} parts")
            bound = dict(zip(parameters[:before], values, strict=False))
            if stars:
                bound[stars[0][1:]] = list(values[before : len(values) - after])
                bound.update(zip(parameters[before + 1 :], values[len(values) - after :], strict=True))
            return code(reading, bound)

        return run

    def _compile(self, alias: str, body: Term, local: set[str]) -> Code:
        if not isinstance(body, tuple):
            return self._atom(alias, body, local)
        head = body[0]
        assert isinstance(head, str)
        form = FORMS.get(head)
        if form is not None:
            try:
                return form(self, alias, body, local)
            except (ValueError, TypeError, AssertionError) as error:
                if isinstance(error, MeaningError):
                    raise
                raise MeaningError(f"{alias}: ({head} …) is not formed like that: {write(body)[:80]}") from None
        if head in self._indexed:
            parts = self._all(alias, body[1:], local)
            return lambda reading, scope: _indexed_name(head, parts(reading, scope))
        if head not in OPERATORS and head not in PARTS and head not in ASKS:
            raise MeaningError(f"{alias}: unknown name {head!r}; here stands an operator, a form or an indexed unknown")
        parts = self._all(alias, body[1:], local)
        return lambda reading, scope: (head, *parts(reading, scope))

    def _atom(self, alias: str, atom: Term, local: set[str]) -> Code:
        if isinstance(atom, str) and atom.startswith("splice."):
            inner = self._atom(alias, atom.removeprefix("splice."), local)
            return lambda reading, scope: _Marker(_list(inner(reading, scope)))
        if not isinstance(atom, str) or atom.startswith("'") or atom in ("true", "false") or atom in SORTS:
            return lambda reading, scope: atom
        if atom in local:
            return lambda reading, scope: scope[atom]
        if atom in self._defined:
            return lambda reading, scope: reading.lookup(atom)
        raise MeaningError(f"{alias}: unknown name {atom!r}; write 'constant for a constant of its own")

    def _sort(self, alias: str, sort: Term, local: set[str]) -> Code:
        """Compile a declared sort; in it `(range lo hi)` is a sort, not a list."""
        if not isinstance(sort, tuple) or sort[0] != "range":
            return self._compile(alias, sort, local)
        low, high = [self._compile(alias, end, local) for end in sort[1:]]
        return lambda reading, scope: ("range", _integer(low(reading, scope)), _integer(high(reading, scope)))

    def _all(self, alias: str, bodies: Sequence[Term], local: set[str]) -> Callable[[Reading, Scope], list[Value]]:
        codes = [self._compile(alias, body, local) for body in bodies]

        def run(reading: Reading, scope: Scope) -> list[Value]:
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

        return run


class Reading:
    """One text being read: the theory of its problem, what its header defined, and the fuel left."""

    theory: Theory

    def __init__(self, meaning: Meaning, defined: Scope) -> None:
        self._meaning = meaning
        self._scope = defined
        self._fuel = FUEL

    def answer(self, tree: Tree) -> Term:
        """Return the answer that a solution tree states, bindings in the order of declaration."""
        answer = self._again(tree)
        if not isinstance(answer, tuple) or answer[0] != "model":
            return answer
        bound: dict[str, Term] = {}
        default: Term | None = None
        for part in answer[1:]:
            match part:
                case ("=", str(name), value) if name not in bound:
                    bound[name] = value
                case ("else", value) if default is None:
                    default = value
                case _:
                    raise MeaningError(f"an answer binds each unknown once: {write(part)[:60]}")
        order = list(self.theory.declared)
        if extra := bound.keys() - set(order):
            raise MeaningError(f"the problem has no unknown {min(extra)}")
        if default is None and len(bound) < len(order):
            raise MeaningError(f"the answer says nothing about {next(name for name in order if name not in bound)}")
        return ("model", *[("=", name, bound.get(name, default)) for name in order])  # type: ignore[arg-type]

    def term(self, tree: Tree) -> Term:
        """Return the term that a step states."""
        return self._again(tree)

    def _again(self, tree: Tree) -> Term:
        other = Reading(self._meaning, dict(self._scope))
        value = other.value(tree)
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
        code = self._meaning._code.get(alias)  # type: ignore[arg-type]
        if code is None:
            raise MeaningError(f"no meaning for {alias!r}")
        return code(self, {"*": values})

    def lookup(self, name: str) -> Value:
        """Return what the header defined; raise MeaningError if it did not."""
        try:
            return self._scope[name]
        except KeyError:
            raise MeaningError(f"{name!r} is used before it is defined") from None

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


def _heads_of_unknowns(body: Term) -> set[str]:
    if not isinstance(body, tuple):
        return set()
    here = {str(body[1][0])} if body[0] == "unknown" and isinstance(body[1], tuple) else set()
    return here.union(*map(_heads_of_unknowns, body[1:]))


def _definitions(body: Term) -> set[str]:
    if not isinstance(body, tuple):
        return set()
    here = {str(body[1])} if body[0] == "define" else set()
    return here.union(*map(_definitions, body[1:]))


def _pattern(alias: str, pattern: Term) -> list[str]:
    names = list(pattern) if isinstance(pattern, tuple) else [pattern]
    if not all(isinstance(name, str) and name.isidentifier() for name in names):
        raise MeaningError(f"{alias}: a pattern is a name or (names …), not {write(pattern)}")
    return names  # type: ignore[return-value]


def _bind(pattern: Term, names: list[str], value: Value) -> Scope:
    if not isinstance(pattern, tuple):
        return {names[0]: value}
    if len(_list(value)) != len(names):
        raise MeaningError(f"{write(pattern)} does not fit a list of {len(value)}")
    return dict(zip(names, value, strict=True))


# ---- forms ---------------------------------------------------------------------------------------------------------
# A form compiles (head argument …) into code; each is one line of the table in docs/meaning.md.


def _for(meaning: Meaning, alias: str, body: Any, local: set[str]) -> Code:
    _, pattern, source, *bodies = body
    names = _pattern(alias, pattern)
    over = meaning._compile(alias, source, local)
    inner = meaning._all(alias, bodies, local | set(names))

    def run(reading: Reading, scope: Scope) -> Value:
        result = _Marker()
        for item in _list(over(reading, scope)):
            result += inner(reading, {**scope, **_bind(pattern, names, item)})
        return result

    return run


def _let(meaning: Meaning, alias: str, body: Any, local: set[str]) -> Code:
    _, pattern, source, inside = body
    names = _pattern(alias, pattern)
    value = meaning._compile(alias, source, local)
    inner = meaning._compile(alias, inside, local | set(names))
    return lambda reading, scope: inner(reading, {**scope, **_bind(pattern, names, value(reading, scope))})


def _when(meaning: Meaning, alias: str, body: Any, local: set[str]) -> Code:
    condition = meaning._compile(alias, body[1], local)
    inner = meaning._all(alias, body[2:], local)

    def run(reading: Reading, scope: Scope) -> Value:
        return _Marker(inner(reading, scope)) if _static(condition(reading, scope)) is True else _Marker()

    return run


def _if(meaning: Meaning, alias: str, body: Any, local: set[str]) -> Code:
    _, *parts = body
    condition, yes, no = [meaning._compile(alias, part, local) for part in parts]
    return lambda reading, scope: (yes if _static(condition(reading, scope)) is True else no)(reading, scope)


def _define(meaning: Meaning, alias: str, body: Any, local: set[str]) -> Code:
    _, name, source = body
    assert isinstance(name, str)
    value = meaning._compile(alias, source, local)

    def run(reading: Reading, scope: Scope) -> Value:
        reading.define(name, value(reading, scope))
        return _Marker()

    return run


def _unknown(meaning: Meaning, alias: str, body: Any, local: set[str]) -> Code:
    _, name, sort = body
    names, sorts = meaning._compile(alias, name, local), meaning._sort(alias, sort, local)
    return lambda reading, scope: ("declare", names(reading, scope), sorts(reading, scope))


def _problem(meaning: Meaning, alias: str, body: Any, local: set[str]) -> Code:
    parts = meaning._all(alias, body[1:], local)

    def flat(values: list[Value]) -> list[Value]:
        return [part for value in values for part in (flat(value) if isinstance(value, list) else [value])]

    return lambda reading, scope: flat(parts(reading, scope))


def _function(apply: Callable[..., Value]) -> Callable[[Meaning, str, Any, set[str]], Code]:
    """Make a form of a function of the values of its arguments."""

    def form(meaning: Meaning, alias: str, body: Any, local: set[str]) -> Code:
        parts = meaning._all(alias, body[1:], local)

        def run(reading: Reading, scope: Scope) -> Value:
            values = parts(reading, scope)
            try:
                result = apply(*values)
            except (TypeError, IndexError) as error:
                raise MeaningError(f"{alias}: ({body[0]} …) cannot take {len(values)} such values: {error}") from None
            reading.burn(len(result) if isinstance(result, list) else 1)
            return result

        return run

    return form


def _range(low: Value, high: Value) -> list[Value]:
    first, last = _integer(low), _integer(high)
    if last - first > FUEL:
        raise MeaningError("a range is too long")
    return list(range(first, last + 1))


def _truth(value: bool) -> str:
    return "true" if value else "false"


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


FORMS: dict[str, Callable[[Meaning, str, Any, set[str]], Code]] = {
    "for": _for,
    "when": _when,
    "if": _if,
    "let": _let,
    "define": _define,
    "unknown": _unknown,
    "problem": _problem,
    "list": _function(lambda *items: list(items)),
    "splice": _function(lambda items: _Marker(_list(items))),
    "range": _function(_range),
    "index": _function(_index),
    "pairs": _function(lambda items: [list(pair) for pair in zip(_list(items), items[1:], strict=False)]),
    "init": _function(lambda items: _list(items)[:-1]),
    "last": _function(lambda items: _list(items)[-1]),
    "first": _function(lambda items: _list(items)[0]),
    "item": _function(lambda items, place: _list(items)[_integer(place) - 1]),
    "len": _function(lambda items: len(_list(items))),
    "in": _function(lambda item, items: _truth(any(write(item) == write(other) for other in _list(items)))),
    "constant": _function(lambda name: "'" + str(name).removeprefix("'")),
    "number": _function(_number),
    "polynomial": _function(_polynomial),
}
