"""One record: its page, and the sheets of paper it has."""
