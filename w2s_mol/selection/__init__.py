"""Which weak supervisor to use, and how well the rule that says so ranks them."""
