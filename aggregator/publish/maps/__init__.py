"""Maps of the groups: two networks, a cartogram, posters and workshop sheets, drawn by us."""
