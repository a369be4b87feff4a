"""A forecast run: plan the batches, compute them, publish the version."""
