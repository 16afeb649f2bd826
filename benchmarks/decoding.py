"""Masked decoding: our masks against xgrammar's and against none, in the same loop over the same network.

A step is the forward pass of a batch, the masks, and a draw for each row; only the masks differ. Rows hold traces of
different families and keep their length: the end of the text is made unlikely, so no variant has less to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

from benchmarks.measure import Options, Table, digits, rate
from synth.errors import UserError
from synth.family import Family
from synth.propose import prompts, trace
from synth.propose.ask import Ask, Draw, Language, Reply
from synth.propose.sampler import propose
from synth.propose.weights import bundled_folder
from synth.records import Candidate, Source

BATCHES = (1, 16, 64)
STEPS = 64  # tokens of each row in a turn
TURNS = 5
MAX_TOKENS = 512
NEEDED = ("torch", "transformers", "llguidance", "xgrammar")

_Processor = Callable[[Any, Any], Any]


def measure(options: Options) -> Iterator[Table]:
    """Yield the speeds, the compile times, and what comes of whole replies."""
    absent = [name for name in NEEDED if find_spec(name) is None]
    if absent:
        yield Table("decoding", TITLE, (), (), (f"not measured: {', '.join(absent)} not installed",))
        return
    with TemporaryDirectory() as folder:
        model, which = _model(options, Path(folder))
        yield _speeds(model, which, options)
        yield _compiling(model, which, options)
        yield _replies(model, which, options)


TITLE = "Masked decoding, tokens per CPU-second"


def _model(options: Options, folder: Path) -> tuple[Any, str]:
    """Return the bundled model, or one of its size with random weights."""
    from synth.propose.local.model import LocalModel

    try:
        place = bundled_folder()
    except UserError:
        place = folder
    if (place / "model.safetensors").is_file():
        return LocalModel(str(place), "bundled"), "the bundled model"
    _make(folder, options)
    return LocalModel(str(folder), "random"), "random weights"


def _make(folder: Path, options: Options) -> None:
    """Write a checkpoint of 1.8 million random weights and 640 tokens."""
    tokenizers, transformers, torch = map(import_module, ("tokenizers", "transformers", "torch"))
    texts = [ask.text + answer for family in options.families.values() for ask, answer in _solved(family, options, 8)]
    made = tokenizers.Tokenizer(tokenizers.models.BPE())
    split = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.pre_tokenizer = tokenizers.pre_tokenizers.Sequence([tokenizers.pre_tokenizers.Digits(True), split])
    made.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=640, special_tokens=["<pad>", "<s>", "</s>"], initial_alphabet=split.alphabet(), show_progress=False
    )
    made.train_from_iterator(texts, trainer)
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, eos_token="</s>", bos_token="<s>", pad_token="<pad>"
    )
    torch.manual_seed(options.seed)
    config = transformers.LlamaConfig(
        vocab_size=640, hidden_size=160, intermediate_size=480, num_hidden_layers=5, num_attention_heads=4,
        max_position_embeddings=2048, tie_word_embeddings=True, bos_token_id=1, eos_token_id=2, pad_token_id=0,
    )  # fmt: skip
    transformers.LlamaForCausalLM(config).save_pretrained(folder)
    fast.save_pretrained(folder)


def _solved(family: Family, options: Options, count: int) -> Iterator[tuple[Ask, str]]:
    for index in range(count):
        candidate = propose(family, Source(family.name, min(family.levels), options.seed, index))
        if isinstance(candidate, Candidate):
            yield prompts.solve(family, candidate.formal), trace.write(family, candidate)


# ---- speed -----------------------------------------------------------------------------------------------------------


def _speeds(model: Any, which: str, options: Options) -> Table:
    languages = [trace.language(family) for family in options.families.values() if family.method] or [
        trace.language(family) for family in options.families.values()
    ]
    makers = {"ours": _ours(model), "xgrammar": _xgrammar(model), "none": lambda rows: lambda ids, scores: scores}
    rows = []
    for size in BATCHES:
        row_languages = [languages[number % len(languages)] for number in range(size)]
        times: dict[str, list[float]] = {name: [] for name in makers}
        for turn in range(TURNS + 1):
            for name, maker in makers.items():
                seconds = _turn(model, maker(row_languages), size, options.seed + turn)
                times[name] += [seconds] if turn else []  # the first turn warms up
        speeds = {name: rate(size * STEPS, median(seconds)) for name, seconds in times.items()}
        against = {
            name: digits(median(other / own for own, other in zip(times["ours"], times[name], strict=True)))
            for name in ("xgrammar", "none")
        }
        rows.append((size, *speeds.values(), against["xgrammar"], against["none"]))
    return Table(
        "decoding",
        TITLE,
        ("batch", *makers, "ours/xgrammar", "ours/none"),
        tuple(rows),
        (
            f"{which}; {STEPS} tokens a row and turn, {TURNS} turns each, alternating; a ratio is the median over the "
            "turns. xgrammar by its own processor for transformers. One thread.",
        ),
    )


def _turn(model: Any, processor: _Processor, size: int, seed: int) -> float:
    """Return the CPU-seconds of `STEPS` steps of a batch, the prefill and the building of matchers not counted."""
    torch = import_module("torch")
    from synth.propose.local.cache import growing_cache
    from synth.propose.local.sampling import pick

    network, end = model.network, sorted(model.vocabulary.ends)
    ids = torch.full((size, 16), 5)
    uniform = torch.rand((size, STEPS), generator=torch.Generator().manual_seed(seed))
    with torch.inference_mode():
        past = growing_cache(network.config)
        scores = network(input_ids=ids, past_key_values=past, use_cache=True).logits[:, -1].float()
        processor(ids, scores.clone())
        started = process_time()
        for step in range(STEPS):
            scores[:, end] -= 30
            chosen, _ = pick(processor(ids, scores), None, uniform[:, step], 1.0)
            ids = chosen.unsqueeze(-1)
            scores = network(input_ids=ids, past_key_values=past, use_cache=True).logits[:, -1].float()
        return process_time() - started


def _ours(model: Any) -> Callable[[list[Language]], _Processor]:
    from synth.propose.local.masks import GrammarProcessor

    def make(languages: list[Language]) -> _Processor:
        processor = GrammarProcessor(model.vocabulary, [model.vocabulary.matcher(each.lark) for each in languages])
        return _once_more(processor)

    return make


def _xgrammar(model: Any) -> Callable[[list[Language]], _Processor]:
    xgrammar = import_module("xgrammar")
    contrib = import_module("xgrammar.contrib.hf")
    info = xgrammar.TokenizerInfo.from_huggingface(model.tokenizer, vocab_size=model.vocabulary.size)
    compiler = xgrammar.GrammarCompiler(info, max_threads=1)

    def make(languages: list[Language]) -> _Processor:
        compiled = [compiler.compile_grammar(xgrammar.Grammar.from_ebnf(each.gbnf)) for each in languages]
        return _once_more(contrib.LogitsProcessor(compiled))

    return make


def _once_more(processor: Any) -> _Processor:
    """Let the first call, which builds matchers, be made twice: once outside the clock."""
    calls = 0

    def call(ids: Any, scores: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            for name in ("prefilled", "_started"):
                if hasattr(processor, name):
                    setattr(processor, name, False)
        return processor(ids, scores)

    return call


# ---- compiling -------------------------------------------------------------------------------------------------------


def _compiling(model: Any, which: str, options: Options) -> Table:
    llguidance, xgrammar = import_module("llguidance"), import_module("xgrammar")
    info = xgrammar.TokenizerInfo.from_huggingface(model.tokenizer, vocab_size=model.vocabulary.size)
    compiler = xgrammar.GrammarCompiler(info, max_threads=1, cache_enabled=False)
    rows = []
    for name, family in options.families.items():
        figures: list[object] = []
        for language in (trace.language(family), prompts.problems(family)):
            text = llguidance.LLMatcher.grammar_from_lark(language.lark)
            ours = _milliseconds(lambda text=text: llguidance.LLMatcher(model.vocabulary.tokens, text, log_level=0))
            theirs = _milliseconds(
                lambda gbnf=language.gbnf: compiler.compile_grammar(xgrammar.Grammar.from_ebnf(gbnf))
            )
            figures += [len(language.lark.splitlines()), ours, theirs]
        rows.append((name, *figures))
    return Table(
        "decoding_compile",
        "Compiling decoding grammars, CPU-milliseconds",
        ("family", "lines", "ours", "xgrammar", "problem_lines", "problem_ours", "problem_xgrammar"),
        tuple(rows),
        (f"Solutions, then problems; the vocabulary of {which}; medians of 7. Ours: llguidance on flat Lark.",),
    )


def _milliseconds(make: Callable[[], Any]) -> float:
    times = []
    for _ in range(7):
        started = process_time()
        make()
        times.append(1000 * (process_time() - started))
    return digits(median(times))


# ---- whole replies ---------------------------------------------------------------------------------------------------


def _replies(model: Any, which: str, options: Options) -> Table:
    n = max(2, round(options.seconds * 0.8))
    asks = {name: [ask for ask, _ in _solved(family, options, 4)][:2] for name, family in options.families.items()}
    every = [ask for some in asks.values() for ask in some]
    figures: list[dict[str, list[Reply]]] = []
    said = []
    for constrained, how in ((True, "under the grammar"), (False, "without it")):
        started = process_time()
        replies = model.propose(every, Draw(n, 1.0, MAX_TOKENS, options.seed, constrained))
        speed = rate(sum(reply.tokens for some in replies for reply in some), process_time() - started)
        said.append(f"{speed:,} tokens per CPU-second {how}")
        found: dict[str, list[Reply]] = {name: [] for name in asks}
        for ask, some in zip(every, replies, strict=True):
            found[ask.family] += some
        figures.append(found)
    rows = []
    for name, family in options.families.items():
        shares: list[float] = []
        for found in figures:
            finished = [reply for reply in found[name] if reply.finished]
            parsed = sum(reads(family, reply) for reply in finished)
            shares += [digits(len(finished) / len(found[name])), digits(parsed / max(1, len(finished)))]
        rows.append((name, len(figures[0][name]), *shares))
    return Table(
        "decoding_replies",
        "Whole replies of a local model: the share that finished, and of these the share that parsed",
        ("family", "replies", "finished", "parsed", "free_finished", "free_parsed"),
        tuple(rows),
        (
            f"{which}; temperature 1, at most {MAX_TOKENS} tokens; under the grammar, then without it (free).",
            f"{', '.join(said)}, in batches of at most 64 with the prefill.",
        ),
    )


def reads(family: Family, reply: Reply) -> bool:
    """Tell whether a finished reply is a trace of a family."""
    if not reply.finished:
        return False
    try:
        steps, answer = trace.read(reply.text)
        for step in steps if family.method else ():
            if step.rule != "answer":
                family.formal.read(step.formal, "step")
        family.formal.read(answer, "solution")
    except ValueError:
        return False
    return True
