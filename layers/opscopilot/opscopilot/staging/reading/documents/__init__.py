"""JSON in all its shapes, as rows: parsing within bounds, flattening, lines under their order."""
