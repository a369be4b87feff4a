"""Migration 0019_drivers: see sql/0019_drivers.sql."""

from opscopilot.migrations.run import run_sql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the frozen SQL."""
    run_sql("0019_drivers")
