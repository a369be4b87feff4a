"""EPCIS 2.0: what happened to which lots, as GS1's standard writes it (JSON-LD, and XML of 1.2 and 2.0)."""
