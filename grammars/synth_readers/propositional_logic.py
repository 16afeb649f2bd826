"""Conclusions from formulas. The dataset has no answers, so the example that it keeps beside a question is judged."""

from __future__ import annotations

import re

from synth.audit.reader import Asked, Is, NotRead, Reader, Row
from synth_kernel.claims import Theory
from synth_kernel.terms import Term, symbols
from synth_readers._words import matched

_QUESTION = (
    r"The following question is a propositional logic reasoning question\.\n\n"
    r"In the question we provide a list of premises\. The task is to infer a correct conclusion from the premise\.\n\n"
    r"FORMAT INSTRUCTIONS:\n- Return the conclusion logic statement, as your final answer\.\n"
    r"- Use the following notation to denote symbols\n    - OR = ∨\n    - AND = ∧\n    - IMPLIES = →\n"
    r"    - IFF = ↔\n    - NOT = ¬\n\nHere is the question:\nGiven:\n((?:[0-9]+\. [A-Z∨∧→↔¬() ]+\n\.)+)"
    r"What can we conclude from the above statements\?"
)
_OPERATORS = {"∨": "or", "∧": "and", "→": "=>", "↔": "="}
MAX_NESTING, MAX_VARIABLES = 30, 26


def read(row: Row) -> list[Asked]:
    """Whatever follows is a conclusion. Where the premises contradict each other everything follows: ill posed."""
    listed = matched(_QUESTION, row.question)[1].split("\n.")[:-1]
    if [line.split(". ")[0] for line in listed] != [str(number) for number in range(1, len(listed) + 1)]:
        raise NotRead("premises that are not numbered")
    premises = [formula(line.split(". ")[1]) for line in listed]
    said = row.metadata.get("example_answer") if row.answer is None else row.label()
    if not isinstance(said, str):
        raise NotRead("the source gives no answer")
    conclusion = formula(said)
    names = sorted({name for term in (*premises, conclusion) for name in symbols(term)})
    declared = tuple((name, "Bool") for name in names)
    theory = Theory(declared, (), tuple(premises), (), ("decide", conclusion, "'weak"))
    return [Asked(theory, Is("'yes"))]


def formula(text: str) -> Term:
    """Return the term of a formula in which every operator of two formulas has its parentheses.

    >>> formula("((Q → ¬P) ∨ R)")
    ('or', ('=>', 'Q', ('not', 'P')), 'R')
    """
    tokens = re.findall(r"[A-Z∨∧→↔¬()]", text)
    if "".join(tokens) != text.replace(" ", ""):
        raise NotRead("a formula with other signs")
    term, end = _formula(tokens, 0, 0)
    if end < len(tokens):
        raise NotRead("a formula without its parentheses")
    return term


def _formula(tokens: list[str], place: int, nesting: int) -> tuple[Term, int]:
    if place >= len(tokens) or nesting > MAX_NESTING:
        raise NotRead("a formula that ends too early or is nested too deep")
    token = tokens[place]
    if token == "¬":
        inside, end = _formula(tokens, place + 1, nesting + 1)
        return ("not", inside), end
    if token == "(":
        left, middle = _formula(tokens, place + 1, nesting + 1)
        if middle >= len(tokens) or tokens[middle] not in _OPERATORS:
            raise NotRead("parentheses without an operator")
        right, end = _formula(tokens, middle + 1, nesting + 1)
        if end >= len(tokens) or tokens[end] != ")":
            raise NotRead("a parenthesis that is not closed")
        return (_OPERATORS[tokens[middle]], left, right), end + 1
    if token.isalpha():
        return token, place + 1
    raise NotRead("a formula that begins with an operator")


READER = Reader("propositional_logic", read)
