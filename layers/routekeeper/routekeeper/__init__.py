"""Failover controller for AWS routes."""
