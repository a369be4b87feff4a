"""One-time links: acknowledge or snooze an alert from the message itself, without signing in.

A link is a capability: whoever holds it may do one thing, as one person, to one alert of one tenant, once, within
three days. It is signed, so it cannot be guessed or changed; looking at it changes nothing, because mail scanners look
at every link; and using it is written down in the transaction that acts, so it cannot be used twice.
"""
