"""Facts × goals → completions: the fold over a profile's log, and the front door."""
