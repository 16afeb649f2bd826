"""A concrete syntax: one grammar with its reader and its renderer, formal or of a language."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from synth.grammar.ir import Grammar, compile_grammar
from synth.grammar.render import Choose, Renderer
from synth_kernel.tables import Reader, Tree


class Syntax:
    """Text to tree and back; the law is `read(render(tree, start), start) == tree`.

    >>> syntax = Syntax.load('''
    ... ?problem: sum
    ... ?sum: product | sum "+" product -> add
    ... ?product: atom | product "*" atom -> multiply
    ... ?atom: NAME -> name | "(" sum ")"
    ... NAME: /[a-z]/
    ... %import common.WS
    ... %ignore WS
    ... ''', "example.lark")
    >>> syntax.read("a*(b+c)")
    ('multiply', ('name', 'a'), ('add', ('name', 'b'), ('name', 'c')))
    >>> syntax.render(('multiply', ('add', ('name', 'b'), ('name', 'c')), ('name', 'a')))
    '(b + c) * a'
    """

    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar
        self.starts = grammar.starts

    @classmethod
    def load(cls, text: str, name: str, starts: Sequence[str] = ()) -> Syntax:
        """Compile the text of a `.lark` file; `name` stands in messages. Raise `GrammarError`."""
        return cls(compile_grammar(text, name, starts))

    @cached_property
    def reader(self) -> Reader:
        """The kernel's reader over `pack()`."""
        return Reader(self.pack())

    @cached_property
    def renderer(self) -> Renderer:
        """The writer."""
        return Renderer(self.grammar)

    def read(self, text: str, start: str = "problem") -> Tree:
        """Return the tree of a text, or raise `synth_kernel.tables.ReadError`."""
        return self.reader.read(text, start)

    def render(self, tree: Tree, start: str | None = None, choose: Choose | None = None) -> str:
        """Return the canonical text of a tree; where a language offers n phrasings, `choose(n)` picks one.

        Without `start` the first start that the tree can stand for is taken, and for a part of a problem its own rule.
        """
        return self.renderer.render(tree, start, choose)

    def pack(self) -> dict[str, Any]:
        """Return the packed table (JSON data) from which the kernel reads without lark."""
        return self.grammar.pack()

    def digest(self) -> str:
        """Return the SHA-256 of the packed table in canonical JSON; the same in every process."""
        text = json.dumps(self.pack(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()
