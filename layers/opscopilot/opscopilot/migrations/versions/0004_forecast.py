"""Migration 0004_forecast: see sql/0004_forecast.sql."""

from opscopilot.migrations.run import run_sql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the frozen SQL."""
    run_sql("0004_forecast")
