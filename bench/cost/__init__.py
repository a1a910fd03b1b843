"""Part 6: what a deployment costs a month, from counts measured on the local AWS."""
