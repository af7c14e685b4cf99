"""Messages as trees of plain values and back, topic by topic."""
