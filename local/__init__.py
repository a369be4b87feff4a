"""The one-machine runtime: the real template.yaml on an in-process AWS, embedded Postgres and a gateway.

Nothing in here is deployed. Everything a function sees (events, errors, environment, URLs) has the shape it
has on AWS; where the emulator underneath falls short, one module under ``local/seams`` makes up for it and a
contract test under ``tests/contract/local`` watches it.
"""
