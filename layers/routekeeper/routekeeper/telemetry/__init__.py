"""What CloudWatch is told: measurements, log lines, and how both get to standard output."""
