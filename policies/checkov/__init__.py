"""Checks of our own that checkov runs over the configuration: what stands in no plan."""
