"""Families: domains of tasks. This is what the author of a family imports."""

from synth.family.contract import FORMAL, Family, Proposal, World
from synth.family.writing import bindings, infix, number_tree, verdict_word
from synth_kernel.claims import Theory
from synth_kernel.evaluate import evaluate
from synth_kernel.meaning import Reading, Tree
from synth_solvers.calculus import differentiate, simplify
from synth_solvers.domains import defined
from synth_solvers.expressions import program, reduced
from synth_solvers.inequalities import greatest, support
from synth_solvers.linear import independent, solve
from synth_solvers.monomials import polynomial_term
from synth_solvers.open_sorts import Entailments
from synth_solvers.programs import returned
from synth_solvers.steps import Move
from synth_solvers.thinning import thin
from synth_solvers.words import distinguish
from synth_solvers.worlds import Worlds

__all__ = [
    "FORMAL",
    "Entailments",
    "Family",
    "Move",
    "Proposal",
    "Reading",
    "Theory",
    "Tree",
    "World",
    "Worlds",
    "bindings",
    "defined",
    "differentiate",
    "distinguish",
    "evaluate",
    "greatest",
    "independent",
    "infix",
    "number_tree",
    "polynomial_term",
    "program",
    "reduced",
    "returned",
    "simplify",
    "solve",
    "support",
    "thin",
    "verdict_word",
]
