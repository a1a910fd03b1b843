"""How soon rules of detection notice loss, at what price in false alarms: exactly, and by simulation."""
