"""Migration 0007_parts: see sql/0007_parts.sql."""

from opscopilot.migrations.run import run_sql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the frozen SQL."""
    run_sql("0007_parts")
