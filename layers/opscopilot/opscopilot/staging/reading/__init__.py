"""From a dropped object to tables of text: containers, encodings, dialects, workbooks, JSON. Knows no entity."""
