"""Migration 0022_policies: see sql/0022_policies.sql."""

from opscopilot.migrations.run import run_sql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the frozen SQL."""
    run_sql("0022_policies")
