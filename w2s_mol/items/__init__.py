"""What is labelled: molecules or plain texts, and what follows from it."""
