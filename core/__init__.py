"""What a business is made of, and the host that loads it. No SQL, no network, no HTTP."""

__version__ = "0.1.0"
