"""Who signs in: passwords and PINs, sessions, the brake on guessing, the account that belongs to a person."""
