"""The running process: settings, web, command line, demo. The roof of the house; nothing below imports it."""
