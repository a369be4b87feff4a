"""Migration 0025_links: see sql/0025_links.sql."""

from opscopilot.migrations.run import run_sql

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the frozen SQL."""
    run_sql("0025_links")
