"""`make demo`: the whole product on one plant, end to end, on one screen; checks itself against the truth."""
