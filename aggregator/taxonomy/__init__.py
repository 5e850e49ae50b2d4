"""Topics, objectives, skills, kinds and areas, as data. Pure."""
