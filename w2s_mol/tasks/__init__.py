"""What a label is: the per-molecule terms whose means are a study's quantities, their words."""
