"""`doctor`: each thing that can be in the way, put in the way for real."""
