"""One grammar, four uses: sampler, parser, renderer (formal and in a language), decoding grammars."""

from synth.grammar.features import pairs, productions
from synth.grammar.ir import Grammar, GrammarError
from synth.grammar.phrases import load_phrases, parameters
from synth.grammar.render import RenderError
from synth.grammar.sampler import Sampler
from synth.grammar.syntax import Syntax
from synth_kernel.tables import ReadError, Tree

__all__ = [
    "Grammar",
    "GrammarError",
    "ReadError",
    "RenderError",
    "Sampler",
    "Syntax",
    "Tree",
    "load_phrases",
    "pairs",
    "parameters",
    "productions",
]
