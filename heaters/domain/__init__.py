"""The pure core: cut points, states, decisions, time. Standard library only."""
