"""One module per platform that groups publish with; each holds a CONNECTOR and finds itself in."""
