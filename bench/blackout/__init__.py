"""Seconds of blackout: the deployed application and other systems' rules, side by side under the same faults."""
