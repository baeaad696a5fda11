"""The console's pages of Meta apps, what they delivered, and what could not be applied."""

from whatsapp.webhooks.admin import apps, deliveries, units

__all__ = ["apps", "deliveries", "units"]
