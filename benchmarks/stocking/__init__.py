"""A stock policy run over demand it has not seen, beside the one of the textbook."""
