"""A branch's side: its log goes up, records come down, and a worker that keeps at it."""
