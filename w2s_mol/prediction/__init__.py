"""What a study's models say of molecules that were not in it."""
