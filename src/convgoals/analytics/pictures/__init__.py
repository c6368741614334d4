"""What there is to see in each result, as values of `convgoals.charts`; titles claim nothing without evidence."""
