"""The chain as headquarters sees it: how each node stands, who may look after it, and what is done about it."""
