"""The wording that ships: one layout per form and a few words per alert type. Package data, read by `templates`."""
