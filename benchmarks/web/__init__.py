"""The web front end: how soon, how heavy, and what it takes from the rig."""
