"""Fixtures of this folder."""

from tests.support.fixtures import api, db, new_plant, owner_sql, tenant

__all__ = ["api", "db", "new_plant", "owner_sql", "tenant"]
