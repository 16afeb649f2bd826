"""How a corpus is made: recipe, rounds, ledger, shards."""
