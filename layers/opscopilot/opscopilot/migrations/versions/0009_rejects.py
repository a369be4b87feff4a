"""Migration 0009_rejects: see sql/0009_rejects.sql."""

from opscopilot.migrations.run import run_sql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the frozen SQL."""
    run_sql("0009_rejects")
