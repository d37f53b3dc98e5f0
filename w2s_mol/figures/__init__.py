"""Pictures of results: they read tables and draw, and decide nothing."""
