"""Migration 0006_copilot: see sql/0006_copilot.sql."""

from opscopilot.migrations.run import run_sql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the frozen SQL."""
    run_sql("0006_copilot")
