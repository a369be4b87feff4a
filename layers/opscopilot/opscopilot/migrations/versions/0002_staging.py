"""Migration 0002_staging: see sql/0002_staging.sql."""

from opscopilot.migrations.run import run_sql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the frozen SQL."""
    run_sql("0002_staging")
