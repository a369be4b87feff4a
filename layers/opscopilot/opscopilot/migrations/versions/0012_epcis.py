"""Migration 0012_epcis: see sql/0012_epcis.sql."""

from opscopilot.migrations.run import run_sql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the frozen SQL."""
    run_sql("0012_epcis")
