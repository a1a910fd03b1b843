"""Part 5: many route tables moved in one failover, against an EC2 that throttles."""
