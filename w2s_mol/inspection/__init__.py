"""Looking at molecules: which ones a student mends and breaks, and where it gains."""
