"""The copilot: routes a question to tools, answers from their results, proves every number it prints."""
