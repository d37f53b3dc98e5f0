"""Carrying out runs: folders that are gone on with, work shared by processes."""
