"""What a change of goals changes: versions compared by meaning, over timelines that are looked for and over history."""
