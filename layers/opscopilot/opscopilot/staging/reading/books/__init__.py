"""Spreadsheets as rows of text: one module per file format, all giving grids (see reading.grid)."""
