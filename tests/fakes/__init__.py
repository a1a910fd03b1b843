"""Stand-ins shared by the unit tests: a virtual clock, a line that can be cut, EC2 and people in memory."""
