"""One readable document from any set of runs; it reads results and computes no new ones."""
