"""Ids, clock, money, units, tenancy, errors, settings, database, events, pages and tools."""
