"""Drawing tokens: one per row from the scores of a model, repeatably, with the probabilities that search needs."""

from __future__ import annotations

from hashlib import blake2b

import torch


def pick(
    scores: torch.Tensor, allowed: torch.Tensor | None, uniform: torch.Tensor, temperature: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw a token for each row; return the tokens [rows] and [2, rows]: its log probability and the log mass.

    `scores` are unnormalised, float32 [rows, size]; `allowed` is bool of that shape; `uniform` holds a number in [0, 1)
    for each row, by which the cumulative distribution is inverted. A temperature of 0 takes the likeliest token. The
    log probability is that of the model itself (temperature 1, nothing ruled out), the log mass that of everything
    allowed, both in nats. Both are NaN where the scores leave nothing to choose from.
    """
    total = scores.logsumexp(-1)
    left = scores if allowed is None else scores.masked_fill(~allowed, float("-inf"))
    best, likeliest = left.max(-1)
    weights = (left - best.unsqueeze(-1)).exp_()
    mass = total.new_zeros(len(total)) if allowed is None else weights.sum(-1).log() + best - total
    if temperature > 0:
        if temperature != 1:
            weights = ((left - best.unsqueeze(-1)) / temperature).exp_()
        reached = weights.cumsum(-1)
        wanted = uniform.unsqueeze(-1) * reached[:, -1:]
        below = torch.nextafter(reached[:, -1:], torch.zeros_like(wanted))
        chosen = torch.searchsorted(reached, torch.minimum(wanted, below), right=True).squeeze(-1)
        chosen.clamp_(max=scores.shape[-1] - 1)
    else:
        chosen = likeliest
    log_probability = scores.gather(-1, chosen.unsqueeze(-1)).squeeze(-1) - total
    unusable = ~(total.isfinite() & best.isfinite())
    facts = torch.stack([log_probability, mass.clamp(max=0)]).masked_fill(unusable, float("nan"))
    return chosen, facts


def uniforms(seed: int, what: str, number: int, count: int) -> torch.Tensor:
    """Return so many numbers in [0, 1), float32, of the stream of a seed, a text and a number.

    The global random state is left alone, and a row draws the same whatever else is in its batch.
    """
    key = blake2b(f"{seed}\0{number}\0{what}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return torch.rand(count, generator=torch.Generator().manual_seed(int.from_bytes(key) >> 1))
