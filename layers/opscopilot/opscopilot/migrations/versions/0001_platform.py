"""Migration 0001_platform: see sql/0001_platform.sql."""

from opscopilot.migrations.run import run_sql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the frozen SQL."""
    run_sql("0001_platform")
