"""Tuning: what the settings of detection come to, and their neighbours, so that a person can choose."""
