"""Alerts reach the right people, once, at a time that suits them, and what happened to each message is kept.

`policy` decides who is told what, over which channel and when; `intake` takes an AlertRaised in exactly once;
`delivery` sends what is due and records it; `templates` words it. Channels are ports (`channels`); the adapters
that speak to mail, SMS, Slack and webhooks live in `opscopilot.adapters`.

Delivery is at least once. A message is marked `sending` before it leaves and `sent` after, so a crash in between
leaves it `sending`; five minutes later the sweep sends it one more time and never a third. Webhooks carry the
notification's id as Idempotency-Key and mails carry it as a header, so a receiver can drop that one repeat.
"""
