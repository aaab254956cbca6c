"""What `make bench` runs: figures as ratios to a limit or to a bare reference, measured in one run."""
