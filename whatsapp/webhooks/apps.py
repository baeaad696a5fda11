from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "whatsapp.webhooks"
    label = "webhooks"
    verbose_name = "WhatsApp"
