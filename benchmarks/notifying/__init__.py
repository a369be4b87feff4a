"""Parts of `benchmarks.notify`: receivers that misbehave, a plant full of alerts, the consumer, the bare loop."""
