"""The console's pages of customers, their people and the audit log."""

from tenants.admin import log, people, tenants

__all__ = ["log", "people", "tenants"]
