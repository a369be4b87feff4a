"""Migration 0017_quality: see sql/0017_quality.sql."""

from opscopilot.migrations.run import run_sql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the frozen SQL."""
    run_sql("0017_quality")
