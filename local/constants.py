"""The account and region of the local AWS, and where this repository is."""

from pathlib import Path

ACCOUNT = "123456789012"
# A region that never knew S3's old signatures, so that presigned links are version 4 as in a new account.
REGION = "eu-central-1"
REPOSITORY = Path(__file__).resolve().parent.parent
STATE = REPOSITORY / ".local"
LAYER = REPOSITORY / "layers" / "opscopilot"
