"""Where the parts are put together: one composition root, one HTTP app."""
