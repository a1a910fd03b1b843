"""The local AWS: emulated services, a seeded network of IDs, and the real SAM application deployed on them."""
