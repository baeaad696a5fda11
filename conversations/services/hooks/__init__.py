"""Telling a tenant's own programs what happens, as Standard Webhooks has it."""
