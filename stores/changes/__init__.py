"""Changes: the two writers (commit and apply), the log, the merge, and the feed of what is new."""
