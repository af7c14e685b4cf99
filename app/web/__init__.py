"""The node's HTTP side: one set of routes that reads the catalog per request, so that a new plugin needs no restart."""
