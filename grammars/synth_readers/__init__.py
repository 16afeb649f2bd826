"""Readers of questions that others ask: one module for each dataset of reasoning-gym, named like it."""
