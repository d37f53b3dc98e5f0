"""What a student ends as: an encoder and a head, which predict, are saved and loaded."""
