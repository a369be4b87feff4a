"""What the plant's own quality figures will be, and where they leave their limits."""
