from django.apps import AppConfig


class FeedConfig(AppConfig):
    name = "tenants.feed"
    label = "feed"
