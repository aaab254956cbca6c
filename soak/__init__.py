"""What `make soak` runs: the daemon on emulated instruments that fail all the time, and whether it gets over it."""
