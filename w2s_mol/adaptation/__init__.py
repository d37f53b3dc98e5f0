"""Encoders adapted to a task: trained further on its molecules, without their labels."""
