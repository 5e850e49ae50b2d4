"""The inventory: sources.yaml, registration, ownership, amendments, moderation, opt-out."""
