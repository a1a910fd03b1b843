"""The command `routekeeper`: what a person runs. It imports the package; nothing in the package imports it."""
