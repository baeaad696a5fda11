"""The console's pages of customers, their people, prices, e-mails and the audit log."""

from tenants.admin import log, mail, people, rates, support, tenants

__all__ = ["log", "mail", "people", "rates", "support", "tenants"]
