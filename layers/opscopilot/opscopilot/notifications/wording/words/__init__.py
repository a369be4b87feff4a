"""The sentences of every kind of message, one file each, in every language that ships. Package data."""
