"""One node's database: tables, the two writers, reads, and everything else that speaks SQL."""
