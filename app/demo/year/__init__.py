"""A year of plausible records for the demo, the pages and the measurements, lived through under a simulated clock."""
