"""What can be said of a weak and a strong representation without any label."""
