"""The plugin host: finds the businesses, compiles them, and keeps one immutable catalog of what is running."""
