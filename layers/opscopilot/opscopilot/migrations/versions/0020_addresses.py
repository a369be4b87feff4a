"""Migration 0020_addresses: see sql/0020_addresses.sql."""

from opscopilot.migrations.run import run_sql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the frozen SQL."""
    run_sql("0020_addresses")
