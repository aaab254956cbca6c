"""The scheduler: when jobs are due, quiet time, and the task that starts them."""
