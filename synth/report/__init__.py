"""What there is to see of a corpus: facts in one JSON value, and one page that shows them without a network."""
