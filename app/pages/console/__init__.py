"""Headquarters' console: pages for those who look after the whole chain."""
