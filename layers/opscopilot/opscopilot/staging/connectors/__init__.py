"""Pulling from the systems a plant already has. One module per kind of connector; `base` is what they share."""
