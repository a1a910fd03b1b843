"""Part 3: what a probe costs in processor time and memory, next to fping."""
