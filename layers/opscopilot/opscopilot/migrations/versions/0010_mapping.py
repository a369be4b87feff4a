"""Migration 0010_mapping: see sql/0010_mapping.sql."""

from opscopilot.migrations.run import run_sql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the frozen SQL."""
    run_sql("0010_mapping")
