"""The decoding grammars of every family say the same language as its parser, at a depth that lets every text finish."""

from __future__ import annotations

from random import Random

import pytest

from synth.family.registry import families
from synth.grammar.decode import check_decoding, gbnf_text
from synth.grammar.sampler import Sampler

DEPTH = 9


@pytest.mark.parametrize("name", sorted(families()))
@pytest.mark.parametrize("start", ["problem", "solution"])
def test_decoding_grammars_agree_with_the_parser(name: str, start: str) -> None:
    syntax = families()[name].formal
    sizes = Sampler(syntax.grammar).sizes(start, 60)[:3]
    assert sizes, f"no {start} of {name} has at most 60 tokens"
    assert check_decoding(syntax, start, DEPTH, sizes, Random(1), count=4) > 0
    assert gbnf_text(syntax.grammar, start, DEPTH).startswith("root ::= ")
