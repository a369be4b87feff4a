"""OpsCopilot."""
