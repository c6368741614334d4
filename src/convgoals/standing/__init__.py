"""Where one profile stands with one goal, worked out from its whole log: slow, obvious, and without any state."""
