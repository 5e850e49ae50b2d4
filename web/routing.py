"""Parts of routes that several nouns share."""

ID = "<int(max=2147483647):id>"
"""A row's number; larger ones cannot be and are 404, not an error of the database."""

ENDINGS = "<any(atom,rss,json,ics,opml,csv,ods):ending>"
"""The name of a format that lists can be had in."""
