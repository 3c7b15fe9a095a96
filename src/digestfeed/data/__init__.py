"""Tables that the package reads, as text; no code."""
