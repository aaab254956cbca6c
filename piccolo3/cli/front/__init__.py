"""`piccolo`, one command for everything that can be done with rigs; what a command needs is imported when it runs."""
