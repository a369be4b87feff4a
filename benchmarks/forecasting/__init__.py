"""Forecasts beside a peer: tidy series, scores, and the peer itself."""
