"""The command line: a module per verb; the only room that prints or exits."""
