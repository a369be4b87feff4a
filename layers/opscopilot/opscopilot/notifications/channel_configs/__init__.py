"""What a tenant set for its channels: on or off, settings, and where the secret is kept."""
