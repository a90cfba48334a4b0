"""Commands of the ground itself: up, doctor, backup, restore."""
