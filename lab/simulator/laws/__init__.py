"""The laws of the design, held against what really happened. Nothing in here asks the application what is right.

Items are read as the table holds them, attribute by attribute, and verdicts are counted anew (`verdicts`).
"""
