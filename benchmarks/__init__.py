"""Measurements that print figures beside the machine's own limits; see docs of each module."""
