"""Whoever gives weak labels: the contract, and a module for each kind."""
