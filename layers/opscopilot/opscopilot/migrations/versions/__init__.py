"""One file per migration; each runs the SQL file of its name."""
