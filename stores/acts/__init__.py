"""Actions: everything that is checked and done when somebody, or a timer, acts on a record."""
