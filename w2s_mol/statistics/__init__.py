"""Uncertainty: from the predictions of finished runs to intervals, tests and null controls."""
