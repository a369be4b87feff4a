"""The sample plant: Fjordgaard Foods, an invented food manufacturer, made from a seed in seconds."""

from __future__ import annotations

from sample_data.generate import AS_OF, SEED, Truth, generate

__all__ = ["AS_OF", "SEED", "Truth", "generate"]
