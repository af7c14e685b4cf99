"""Ratios inside one run: what the product costs against the plainest thing that stores the same rows."""
