"""Inference-time search: strategies that turn the samples of a model into proved solutions within a budget."""
