"""Requests by the thousand that nobody wrote down, made from the API's own description."""
