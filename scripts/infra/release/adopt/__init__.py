"""Taking over what exists already: import blocks for what the configuration would otherwise make a second time."""
