"""How long supply takes and how far it can be relied on."""
