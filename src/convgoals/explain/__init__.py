"""Why a profile completed a goal, or why not yet: each part's truth, what made it so, and the nearest miss."""
