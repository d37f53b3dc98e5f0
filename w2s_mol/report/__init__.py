"""One readable document from any set of runs; it reads runs, and runs nothing but the bootstrap."""
