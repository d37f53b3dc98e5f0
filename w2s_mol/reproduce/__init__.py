"""Everything of the paper that can run with what is at hand, then the report."""
