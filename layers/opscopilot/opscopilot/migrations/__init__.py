"""Schema changes, in order, as frozen SQL. Run by functions/migrate only; create_all is used nowhere."""
