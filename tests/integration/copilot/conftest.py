"""Fixtures of this folder."""

from tests.support.fixtures import api, around, db, new_plant, owner_sql, tenant

__all__ = ["api", "around", "db", "new_plant", "owner_sql", "tenant"]
