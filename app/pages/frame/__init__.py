"""What every page stands on: who is at the desk, the frame around it, forms, words, live refresh."""
