"""Calls to addresses that somebody typed in. One set of rules for connectors and for channels.

https only, redirects never followed by themselves, the name resolved once and the connection made to the address that
was checked, nothing inside a network reachable, no proxy from the environment, and an end to every exchange.
"""
