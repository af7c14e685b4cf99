"""Many records on one page: lists for every record type, and the kinds of view a plugin may declare."""
