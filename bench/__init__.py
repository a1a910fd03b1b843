"""Measurements that anybody can rerun: make bench, or make bench-NAME for one part."""
