"""How each publishing platform shows a group: its paths, feeds, headers and marks."""
