"""Excel out and in: lists as files, and files as actions, one per row."""
