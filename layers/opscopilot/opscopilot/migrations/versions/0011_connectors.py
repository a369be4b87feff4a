"""Migration 0011_connectors: see sql/0011_connectors.sql."""

from opscopilot.migrations.run import run_sql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the frozen SQL."""
    run_sql("0011_connectors")
