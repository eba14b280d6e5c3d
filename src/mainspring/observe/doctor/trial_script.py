"""What `doctor` starts to see whether a start comes past Mainspring: a program that does nothing."""
