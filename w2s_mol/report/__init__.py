"""One readable document from any set of runs; it reads runs, and computes nothing but intervals."""
