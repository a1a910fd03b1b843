"""EC2 as this application uses it: its refusals, its instances, and its routes."""
