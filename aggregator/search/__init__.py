"""Query language, French analysis, and engines behind one protocol."""
