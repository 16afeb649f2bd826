"""Check the sorts of a meaning when a family is loaded, before any text is read.

Every template is run over sorts instead of values: a parameter has the sort that all productions in its place of the
grammar agree on, a terminal of digits is a number, any other terminal may name an unknown of any sort (`ANY`). What
cannot be told is `ANY`; what is told and does not fit an operator is an error that names template and operator. The
kernel sort-checks every theory again; this check is for the author, who should not have to wait for the first sample.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from synth.grammar.ir import Grammar
from synth_kernel.meaning import MeaningError
from synth_kernel.terms import Term, read

Sort: TypeAlias = "str | tuple[str, Sort]"  # a name below, or ("list", element)
ANY, BOOLEAN, NUMBER, SYMBOL, EXPRESSION, WALK, PART = "any", "Bool", "number", "symbol", "Expr", "Walk", "part"
WORD, REGEX, PLAN = "Word", "Regex", "Plan"
Scope: TypeAlias = dict[str, Sort]

# operator -> (sorts of its arguments, the last one repeated; result)
_OPERATORS: dict[str, tuple[tuple[Sort, ...], Sort]] = {
    **dict.fromkeys(("not", "and", "or", "=>", "xor"), ((BOOLEAN,), BOOLEAN)),
    **dict.fromkeys(("+", "-", "*", "/", "^", "abs", "div", "mod", "sqrt", "exp", "log"), ((NUMBER,), NUMBER)),
    **dict.fromkeys(("sin", "cos", "tan", "atan", "D", "I", "F", "number", "compute"), ((NUMBER,), NUMBER)),
    **dict.fromkeys(("<", "<=", ">", ">="), ((NUMBER,), BOOLEAN)),
    **dict.fromkeys(("axiom", "clause", "domain"), ((BOOLEAN,), PART)),
    "count": ((BOOLEAN,), NUMBER),
    **dict.fromkeys(("forall", "exists"), ((ANY, ANY, BOOLEAN), BOOLEAN)),
    "holds": ((ANY,), BOOLEAN),
    "decide": ((BOOLEAN, SYMBOL), PART),
    "value": ((EXPRESSION,), NUMBER),
    "leaves_among": ((EXPRESSION, NUMBER), BOOLEAN),
    "operators_among": ((EXPRESSION, SYMBOL), BOOLEAN),
    "prime": ((NUMBER,), BOOLEAN),
    "quote": ((NUMBER,), EXPRESSION),
    "walk": ((SYMBOL,), WALK),
    "start": ((WALK,), SYMBOL),
    "end": ((WALK,), SYMBOL),
    "cost": ((WALK,), NUMBER),
    "visits": ((WALK, SYMBOL), BOOLEAN),
    "reach": ((WALK, SYMBOL), NUMBER),
    "identity": ((NUMBER,), PART),
    "arc": ((SYMBOL, SYMBOL, NUMBER), PART),
    "poly": ((NUMBER,), PART),
    "plan": ((SYMBOL,), PLAN),
    "length": ((PLAN,), NUMBER),
    "solves": ((PLAN,), BOOLEAN),
    "goal": ((BOOLEAN,), PART),
    "run": ((PART, NUMBER), NUMBER),
    "size": ((PART,), NUMBER),
    "word": ((SYMBOL,), WORD),
    "letter": ((SYMBOL,), REGEX),
    **dict.fromkeys(("union", "concat", "star", "plus"), ((REGEX,), REGEX)),
    "matches": ((WORD, REGEX), BOOLEAN),
}
_DIGITS = re.compile(r"(\(\?:)?(\[0-9\]|\[1-9\]|\\d)[^a-zA-Z]*")  # the pattern of a terminal that is a number
_KEY = re.compile(r"(\w+)\((.*)\)\Z")


def check_sorts(table: Mapping[str, str], grammar: Grammar) -> None:
    """Raise MeaningError at the first template whose sorts cannot fit; the names in it were checked before.

    >>> from synth.grammar.syntax import Syntax
    >>> grammar = Syntax.load('''
    ... problem: NAME -> problem
    ... %import common.WS
    ... %ignore WS
    ... NAME: "p" | "q"
    ... ''', "example.lark").grammar
    >>> check_sorts({"problem(who)": "(problem (unknown who Bool) (clause (+ 1 2)) (ask (find who)))"}, grammar)
    Traceback (most recent call last):
    ...
    synth_kernel.meaning.MeaningError: problem: clause takes Bool, not number, in (clause (+ 1 2))
    """
    _Sorting(table, grammar).run()


class _Sorting:
    def __init__(self, table: Mapping[str, str], grammar: Grammar) -> None:
        self.templates: dict[str, tuple[list[str], Term]] = {}
        for key, text in table.items():
            found = _KEY.match(key)
            assert found is not None  # Meaning has read the same table
            names = [name.strip() for name in found[2].split(",") if name.strip()]
            self.templates[found[1]] = names, read(re.sub(r"\*(?=[A-Za-z_])", "splice.", text))
        self.places = places(grammar)
        self.of: dict[str, Sort | None] = dict.fromkeys(self.templates)
        self.defined: dict[str, Sort] = {}
        self.alias = ""
        self.strict = False

    def run(self) -> None:
        """Go round until no sort changes, then once more with errors on."""
        for _ in range(2 + len(self.templates)):
            before = dict(self.of)
            self._round()
            if before == self.of:
                break
        self.strict = True
        self._round()

    def _round(self) -> None:
        for alias, (names, body) in self.templates.items():
            self.alias = alias
            places = self.places.get(alias, [])
            scope: Scope = {}
            for i, name in enumerate(names):
                rest = places[i:] if name.startswith("*") else places[i : i + 1]
                sort = self._place(set().union(*rest)) if rest else ANY
                scope[name.lstrip("*")] = ("list", sort) if name.startswith("*") else sort
            self.of[alias] = self._sort(body, scope)

    def _place(self, tags: set[str]) -> Sort:
        sorts = [NUMBER if tag == "0" else ANY if tag == "" else self.of.get(tag) or ANY for tag in tags]
        return _join(sorts)

    def _sort(self, term: Term, scope: Scope) -> Sort:
        if isinstance(term, str):
            if term in ("true", "false"):
                return BOOLEAN
            return SYMBOL if term.startswith("'") else scope.get(term, self.defined.get(term, ANY))
        if not isinstance(term, tuple):
            return NUMBER
        form = getattr(self, f"_form_{str(term[0]).replace('=', '')}", None) if str(term[0]).isalpha() else None
        if form is not None:
            return form(term, scope)  # type: ignore[no-any-return]
        parts = self._all(term[1:], scope)
        if term[0] in ("=", "distinct"):
            told = [part for part in parts if part != ANY]
            if self.strict and len(set(map(str, told))) > 1:
                raise MeaningError(f"{self.alias}: {term[0]} compares {told[0]} with {told[-1]}, {_in(term)}")
            return BOOLEAN
        wanted, result = _OPERATORS.get(str(term[0]), ((), ANY))
        for i, part in enumerate(parts):
            want = wanted[min(i, len(wanted) - 1)] if wanted else ANY
            if self.strict and ANY not in (want, part) and want != part:
                shown = part if isinstance(part, str) else "a list"
                raise MeaningError(f"{self.alias}: {term[0]} takes {want}, not {shown}, {_in(term)}")
        return result

    def _all(self, parts: Sequence[Term], scope: Scope) -> list[Sort]:
        """Return the sorts of arguments; what a splice, `for` or `when` puts there stands for any number of them."""
        found: list[Sort] = []
        for part in parts:
            if isinstance(part, str) and part.startswith("splice."):
                found.append(_element(self._sort(part.removeprefix("splice."), scope)))
            elif isinstance(part, tuple) and part[0] in ("for", "when", "splice"):
                found.append(_element(self._sort(part, scope)))
            elif not (isinstance(part, tuple) and part[0] == "define" and self._sort(part, scope)):
                found.append(self._sort(part, scope))
        return found

    # ---- forms; each returns the sort of `(form …)` -----------------------------------------------------------

    def _form_for(self, term: Any, scope: Scope) -> Sort:
        _, pattern, source, *bodies = term
        element = _element(self._sort(source, scope))
        return ("list", _join(self._all(bodies, {**scope, **_bound(pattern, element)})))

    def _form_let(self, term: Any, scope: Scope) -> Sort:
        _, pattern, source, inside = term
        return self._sort(inside, {**scope, **_bound(pattern, self._sort(source, scope))})

    def _form_when(self, term: Any, scope: Scope) -> Sort:
        return ("list", _join(self._all(term[2:], scope)))

    def _form_if(self, term: Any, scope: Scope) -> Sort:
        return _join([self._sort(part, scope) for part in term[2:]])

    def _form_ite(self, term: Any, scope: Scope) -> Sort:
        return _join([self._sort(part, scope) for part in term[2:]])

    def _form_define(self, term: Any, scope: Scope) -> Sort:
        self.defined[term[1]] = self._sort(term[2], scope)
        return PART

    def _form_unknown(self, term: Any, scope: Scope) -> Sort:
        return PART

    def _form_problem(self, term: Any, scope: Scope) -> Sort:
        self._all(term[1:], scope)
        return PART

    def _form_list(self, term: Any, scope: Scope) -> Sort:
        return ("list", _join(self._all(term[1:], scope)))

    def _form_splice(self, term: Any, scope: Scope) -> Sort:
        return self._sort(term[1], scope)

    def _form_range(self, term: Any, scope: Scope) -> Sort:
        return ("list", NUMBER)

    def _form_index(self, term: Any, scope: Scope) -> Sort:
        self._sort(term[1], scope)
        return ("list", ("list", ANY))

    def _form_pairs(self, term: Any, scope: Scope) -> Sort:
        return ("list", ("list", _element(self._sort(term[1], scope))))

    def _form_init(self, term: Any, scope: Scope) -> Sort:
        return self._sort(term[1], scope)

    def _form_last(self, term: Any, scope: Scope) -> Sort:
        return _element(self._sort(term[1], scope))

    _form_first = _form_item = _form_last

    def _form_len(self, term: Any, scope: Scope) -> Sort:
        return NUMBER

    def _form_in(self, term: Any, scope: Scope) -> Sort:
        return BOOLEAN

    def _form_constant(self, term: Any, scope: Scope) -> Sort:
        return SYMBOL


def _join(sorts: Sequence[Sort]) -> Sort:
    return sorts[0] if sorts and all(sort == sorts[0] for sort in sorts) else ANY


def _element(sort: Sort) -> Sort:
    return sort[1] if isinstance(sort, tuple) else ANY


def _bound(pattern: Term, sort: Sort) -> Scope:
    if isinstance(pattern, tuple):
        return {str(name): _element(sort) for name in pattern}
    return {str(pattern): sort}


def _in(term: Term) -> str:
    from synth_kernel.terms import write

    text = write(term).replace("splice.", "*")
    return f"in {text if len(text) < 80 else text[:77] + '…'}"


def places(grammar: Grammar) -> dict[str, list[set[str]]]:
    """Return for each alias, child by child, the aliases that may stand there; "0" is a number, "" another terminal."""
    reach: dict[str, set[str]] = {name: set() for name in grammar.nonterminals}

    def of(symbol: Any) -> set[str]:
        if symbol.terminal:
            return {"0"} if _DIGITS.fullmatch(grammar.terminal[symbol.name].pattern) else {""}
        return reach[symbol.name]

    for _ in range(len(grammar.nonterminals) + 1):
        for rule in grammar.rules:
            kept = [rule.symbols[i] for i in rule.order]
            reach[rule.origin] |= {rule.tag} if rule.tag not in ("", "_") else set().union(*map(of, kept))
    found: dict[str, list[set[str]]] = {}
    for rule in grammar.rules:
        if rule.tag not in ("", "_"):
            places = [of(rule.symbols[i]) for i in rule.order]
            known = found.setdefault(rule.tag, [])
            for i, place in enumerate(places):
                if i < len(known):
                    known[i] = known[i] | place
                else:
                    known.append(place)
    return found
