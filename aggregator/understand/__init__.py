"""What an entry is about: language, tags, places, near duplicates. Pure."""
