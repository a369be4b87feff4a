"""Migration 0016_stocks: see sql/0016_stocks.sql."""

from opscopilot.migrations.run import run_sql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the frozen SQL."""
    run_sql("0016_stocks")
