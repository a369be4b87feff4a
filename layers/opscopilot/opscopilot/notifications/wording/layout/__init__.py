"""The layouts that all messages share, one per form. `[[name]]` stands for the words of a kind. Package data."""
