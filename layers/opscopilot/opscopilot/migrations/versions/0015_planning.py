"""Migration 0015_planning: see sql/0015_planning.sql."""

from opscopilot.migrations.run import run_sql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the frozen SQL."""
    run_sql("0015_planning")
