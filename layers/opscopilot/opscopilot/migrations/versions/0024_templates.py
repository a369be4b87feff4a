"""Migration 0024_templates: see sql/0024_templates.sql."""

from opscopilot.migrations.run import run_sql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the frozen SQL."""
    run_sql("0024_templates")
