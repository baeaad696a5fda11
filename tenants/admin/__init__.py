"""The console's pages of customers, their people, prices and the audit log."""

from tenants.admin import log, people, rates, tenants

__all__ = ["log", "people", "rates", "tenants"]
