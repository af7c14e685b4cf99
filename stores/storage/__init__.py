"""The database of a node: its file or server, its tables, and the small facts a node keeps about itself."""
