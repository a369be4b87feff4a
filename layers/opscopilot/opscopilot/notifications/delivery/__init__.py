"""What is due leaves once, and what became of it is kept."""
