"""Programs beside the daemon: the buttons, switches and shutters of the box."""
