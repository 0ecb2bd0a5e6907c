"""The stages: what each needs, what it leaves, when it is done. No catalog inside; results are data."""
