"""SMT-LIB 2 text of sequents: the only text that the SMT solvers are ever given, all of it printed here.

Unknowns are renamed v0, v1, …, members of enumerations become integers, so that no foreign symbol reaches a solver.
SMT-LIB's division is total ((/ x 0) is any number), ours is partial; so a statement is printed as "it has a value and
is true" in strong Kleene logic, and the negated goal as the negation of that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from synth_kernel.claims import Sequent
from synth_kernel.terms import Sort, Term, sort_of
from synth_kernel.terms import number as canonical

MAX_TEXT = 200_000  # characters
_PARTIAL = frozenset({"/", "div", "mod", "^"})
_RELATIONS = frozenset({"=", "distinct", "<", "<=", ">", ">="})


class UnsupportedError(ValueError):
    """The sequent has a sort or an operator that is not printed."""


@dataclass(frozen=True)
class Answer:
    """What a solver said: `sat` with a model (None if it has a value that is no term), `unsat`, or `unknown`."""

    result: str
    reason: str = ""
    model: dict[str, Term] | None = None
    used: int = 0  # the solver's own units of work


@dataclass
class Script:
    """The text of one question and what its symbols mean."""

    names: list[str] = field(default_factory=list)  # v0, v1, … are these unknowns
    sorts: list[Sort] = field(default_factory=list)
    members: list[str] = field(default_factory=list)  # enumeration members by number
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def value(self, place: int, number: Any) -> Term:
        """Return the constant for what a solver gave to v<place>: a bool, an int or a Fraction."""
        sort = self.sorts[place]
        if sort == "Bool":
            return "true" if number is True else "false"
        if isinstance(sort, tuple) and sort[0] == "enum":
            return str(self.members[number])
        return canonical(number)


def script(sequent: Sequent) -> Script:
    """Print "every premise is true and the goal is not"; raise UnsupportedError where that cannot be said.

    >>> sequent = Sequent("entails", {"x": "Int"}, {"x": "Int"}, (), (("<", "x", 1),), (), ("=", ("div", 2, "x"), 0))
    >>> print(script(sequent).text)
    (declare-const v0 Int)
    (assert (< v0 1))
    (assert (not (and (not (= v0 0)) (= (div 2 v0) 0))))
    """
    printer = _Printer(sequent)
    for premise in sequent.premises:
        printer.say(printer.true(premise))
    printer.say(f"(not {printer.true(sequent.goal)})")
    return printer.script


class _Printer:
    def __init__(self, sequent: Sequent) -> None:
        self.sorts = sequent.sorts
        self.script = Script()
        self.symbols: dict[str, str] = {}
        for name, sort in sequent.declared.items():
            self.declare(name, sort)

    def declare(self, name: str, sort: Sort) -> None:
        symbol = self.symbols[name] = f"v{len(self.symbols)}"
        self.script.names.append(name)
        self.script.sorts.append(sort)
        kind = {"Bool": "Bool", "Int": "Int", "Symbol": "Int", "Rational": "Real", "Real": "Real"}.get(self.sorts[name])
        if kind is None:
            raise UnsupportedError(f"no SMT sort for {self.sorts[name]}")
        self.script.lines.append(f"(declare-const {symbol} {kind})")
        match sort:
            case ("range", int(low), int(high)):
                self.say(f"(and (<= {_integer(low)} {symbol}) (<= {symbol} {_integer(high)}))")
            case ("enum", *members):
                choices = " ".join([f"(= {symbol} {self.member(str(member))})" for member in members])
                self.say(f"(or false {choices})")

    def member(self, name: str) -> int:
        if name not in self.script.members:
            self.script.members.append(name)
        return self.script.members.index(name)

    def say(self, text: str) -> None:
        self.script.lines.append(f"(assert {text})")
        if sum(map(len, self.script.lines[-2:])) > MAX_TEXT or len(self.script.lines) > MAX_TEXT:
            raise UnsupportedError("the text is too long")

    def true(self, term: Term) -> str:
        """Print that a Boolean term has a value and is true."""
        return self.side(term, True)

    def side(self, term: Term, side: bool) -> str:
        """Print that a Boolean term is true, or that it is false; with partial operators these leave a gap between."""
        if not isinstance(term, tuple) or not _partial(term):
            text, _ = self.plain(term)
            return text if side else f"(not {text})"
        head, parts = term[0], term[1:]
        if head == "not":
            return self.side(parts[0], not side)
        if head in ("and", "or"):
            joint = "and" if (head == "and") is side else "or"
            return _joined(joint, [self.side(part, side) for part in parts])
        if head == "=>":
            return self.side(("or", ("not", parts[0]), parts[1]), side)
        if head == "ite":
            first = _joined("and", [self.side(parts[0], True), self.side(parts[1], side)])
            second = _joined("and", [self.side(parts[0], False), self.side(parts[2], side)])
            return _joined("or", [first, second])
        if head not in _RELATIONS and head != "xor":
            raise UnsupportedError(f"no partial {head}")
        text, _ = self.plain(term)
        return _joined("and", [*map(self.defined, parts), text if side else f"(not {text})"])

    def defined(self, term: Term) -> str:
        """Print that a term has a value."""
        if not isinstance(term, tuple) or not _partial(term):
            return "true"
        head, parts = term[0], term[1:]
        if sort_of(term, self.sorts) == "Bool":
            return _joined("or", [self.side(term, True), self.side(term, False)])
        if head == "ite":
            first = _joined("and", [self.side(parts[0], True), self.defined(parts[1])])
            second = _joined("and", [self.side(parts[0], False), self.defined(parts[2])])
            return _joined("or", [first, second])
        found = [self.defined(part) for part in parts]
        if head in ("/", "div", "mod"):
            text, sort = self.plain(parts[1])
            found.append(f"(not (= {text} {'0.0' if sort == 'Real' else '0'}))")
        if head == "^" and parts[1] < 0:  # type: ignore[operator]
            text, sort = self.plain(parts[0])
            found.append(f"(not (= {text} {'0.0' if sort == 'Real' else '0'}))")
        return _joined("and", found)

    def plain(self, term: Term) -> tuple[str, str]:
        """Print a term as if all operators were total, and return its SMT sort; integers become reals where needed."""
        if isinstance(term, str):
            if term in self.symbols:
                sort = {"Bool": "Bool", "Int": "Int", "Symbol": "Int"}.get(self.sorts[term], "Real")
                return self.symbols[term], sort
            return (term, "Bool") if term in ("true", "false") else (str(self.member(term)), "Int")
        if isinstance(term, int):
            return _integer(term), "Int"
        if isinstance(term, Fraction):
            return f"(/ {_integer(term.numerator)[:-1]}.0) {term.denominator}.0)" if term < 0 else (
                f"(/ {term.numerator}.0 {term.denominator}.0)"
            ), "Real"  # fmt: skip
        return self.application(term)

    def application(self, term: tuple[Term, ...]) -> tuple[str, str]:
        head = term[0]
        if head == "^":
            exponent = term[2]
            assert isinstance(exponent, int)
            if exponent < 0:
                return self.plain(("/", 1, ("^", term[1], -exponent)))
            return self.plain(("*", *[term[1]] * exponent) if exponent else 1)
        parts = [self.plain(part) for part in term[1:]]
        texts = [text for text, _ in parts]
        if head in ("not", "and", "or", "=>", "xor"):
            return (f"({head} {' '.join(texts)})" if texts else "true" if head == "and" else "false"), "Bool"
        if head == "count":
            return (f"(+ 0 {' '.join([f'(ite {text} 1 0)' for text in texts])})" if texts else "0"), "Int"
        condition = [texts.pop(0)] if head == "ite" else []
        sorts = {sort for _, sort in parts[len(condition) :]}
        sort = "Real" if "Real" in sorts or head == "/" else next(iter(sorts))
        if sort == "Real":
            texts = [text if given == "Real" else f"(to_real {text})"
                     for text, (_, given) in zip(texts, parts[len(condition) :], strict=True)]  # fmt: skip
        if head in ("+", "*") and len(texts) == 1:
            return texts[0], sort
        if head == "abs":
            zero = "0.0" if sort == "Real" else "0"
            return f"(ite (< {texts[0]} {zero}) (- {texts[0]}) {texts[0]})", sort
        if head not in (*_RELATIONS, "ite", "+", "*", "-", "/", "div", "mod"):
            raise UnsupportedError(f"no {head} in SMT-LIB text")
        text = f"({head} {' '.join(condition + texts)})"
        if len(text) > MAX_TEXT:
            raise UnsupportedError("the text is too long")
        return text, "Bool" if head in _RELATIONS else sort


def _partial(term: Term) -> bool:
    return isinstance(term, tuple) and (term[0] in _PARTIAL or any(map(_partial, term[1:])))


def _joined(head: str, parts: list[str]) -> str:
    neutral = "true" if head == "and" else "false"
    kept = [part for part in parts if part != neutral]
    if sum(map(len, kept)) > MAX_TEXT:
        raise UnsupportedError("the text is too long")
    return f"({head} {' '.join(kept)})" if len(kept) > 1 else kept[0] if kept else neutral


def _integer(value: int) -> str:
    return str(value) if value >= 0 else f"(- {-value})"
