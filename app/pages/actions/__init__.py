"""Actions on pages: buttons, and forms made from what an action asks."""
