"""Quantified statements of the Bernays–Schönfinkel class, and their instances.

In negation normal form a statement of this class has no "some" under an "all". So each "some" may be replaced by a new
constant, a *witness* (Skolem), without changing the value of the whole, if the constant is chosen well: in any universe
that is not empty there is a member for which the body has the value of the quantifier. What is left says "all" only.
Of that we keep what it says about the constants (Herbrand's theorem). Other statements can be weakened like this, too;
only in this class is nothing lost (Bernays and Schönfinkel, *Mathematische Annalen* 99, 1928). There is no equality.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from synth_kernel.terms import Sort, Term, TermError, substitute, write

MAX_INSTANCES = 1 << 16  # nodes of the instances of one claim
MAX_WORK = 1 << 18  # nodes of quantified statements that a model is checked with, each as often as it is evaluated


def witnessed(
    term: Term, sign: bool, witnesses: dict[str, Sort], names: Mapping[str, Term] | None = None, inside: bool = False
) -> Term:
    """Replace every "some" of "t is true" (`sign`) or "t is not true" by a new constant, which joins `witnesses`.

    Raise TermError where one is `inside` an "all", or a quantifier inside an operator other than a connective.

    >>> found = {}
    >>> witnessed(("not", ("forall", "x", "u", ("holds", "p", "x"))), True, found), found
    (('not', ('holds', 'p', '#0')), {'#0': ('Member', 'u')})
    """
    names = names or {}
    match term:
        case (("and" | "or" | "not" | "=>") as head, *parts):
            signs = [sign is not (head == "not" or (head == "=>" and i == 0)) for i in range(len(parts))]
            found = [witnessed(part, s, witnesses, names, inside) for part, s in zip(parts, signs, strict=True)]
            return (head, *found)
        case ("forall" | "exists" as head, str(x), universe, body):
            if (head == "exists") is not sign:
                return (head, x, universe, witnessed(body, sign, witnesses, names, True))
            if inside:
                raise TermError(f"“there is” under “for all” is not decided: {write(term)[:80]}")
            witness = f"#{len(witnesses)}"  # no text can name it
            witnesses[witness] = ("Member", universe)
            return witnessed(body, sign, witnesses, {**names, x: witness})
    if _quantified(term):
        raise TermError(f"a quantifier stands under and, or, not, => and quantifiers only, not in {write(term)[:80]}")
    return substitute(term, names)


def _quantified(term: Term) -> bool:
    return isinstance(term, tuple) and (term[0] in ("forall", "exists") or any(map(_quantified, term[1:])))


class Instances:
    """What some statements say about the constants: propositional statements about the atoms that occur in them.

    `constraints` are pairs of a statement and whether it is true or not true. `atoms` are the names of the unknowns of
    the result beside the finite ones that are declared: the texts of the terms `(holds …)`, in the order in which they
    occur first. `members` lists the constants of each universe: the declared ones in order, then the witnesses in the
    order of the text; where there is none, one new constant, because no universe is empty.

    >>> p = ("forall", "x", "u", ("holds", "p", "x"))
    >>> found = Instances({"u": "Open", "a": ("Member", "u"), "p": ("Relation", "u")}, [(p, True), (p, False)])
    >>> found.constraints
    [(('and', '(holds p a)', '(holds p #0)'), True), ('(holds p #0)', False)]
    """

    def __init__(self, declared: Mapping[str, Sort], constraints: Sequence[tuple[Term, bool]]) -> None:
        self.witnesses: dict[str, Sort] = {}
        statements = [witnessed(term, sign, self.witnesses) for term, sign in constraints]
        self.members: dict[Term, list[str]] = {name: [] for name, sort in declared.items() if sort == "Open"}
        for name, sort in (*declared.items(), *self.witnesses.items()):
            if isinstance(sort, tuple) and sort[0] == "Member":
                self.members[sort[1]].append(name)
        for universe, members in self.members.items():
            if not members:
                members.append(f"#{universe}")
        self._left = MAX_INSTANCES
        self.atoms: dict[str, Sort] = {}
        signs = [sign for _, sign in constraints]
        self.constraints = [(self._of(term, {}), sign) for term, sign in zip(statements, signs, strict=True)]
        kept = {name: sort for name, sort in declared.items() if not _is_open(sort)}
        self.declared: dict[str, Sort] = {**kept, **self.atoms}

    def _of(self, term: Term, names: Mapping[str, Term]) -> Term:
        self._left -= 1
        if self._left < 0:
            raise TermError("too many instances")
        match term:
            case ("forall" | "exists" as head, str(x), universe, body):
                instances = [self._of(body, {**names, x: member}) for member in self.members[universe]]
                return ("and" if head == "forall" else "or", *instances) if len(instances) > 1 else instances[0]
            case ("holds", *_):
                atom = write(substitute(term, names))
                self.atoms[atom] = "Bool"
                return atom
            case (head, *parts):
                return (head, *[self._of(part, names) for part in parts])
        return term


def _is_open(sort: Sort) -> bool:
    return sort == "Open" or (isinstance(sort, tuple) and sort[0] in ("Member", "Relation"))


def work(term: Term, sizes: Mapping[Term, int]) -> int:
    """Return how many nodes are evaluated at most where the universes have these sizes.

    >>> work(("forall", "x", "u", ("holds", "p", "x")), {"u": 4})
    13
    """
    match term:
        case ("forall" | "exists", _, universe, body):
            return 1 + sizes[universe] * work(body, sizes)
        case (_, *parts):
            return 1 + sum(work(part, sizes) for part in parts)
    return 1
