"""How the bundled proposer is made: lessons, tokenizer, training loop, exam and model card."""
