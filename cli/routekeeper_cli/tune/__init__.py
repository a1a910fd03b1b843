"""Tuning: what the settings of detection and their neighbours come to, so that a person can choose."""
