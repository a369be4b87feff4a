"""Migration 0014_runs: see sql/0014_runs.sql."""

from opscopilot.migrations.run import run_sql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the frozen SQL."""
    run_sql("0014_runs")
