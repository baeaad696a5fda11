"""Pages of a tenant's host that everybody may see."""

from django.urls import path

from tenants import views

urlpatterns = [
    path("login/", views.log_in, name="login"),
    path("logout/", views.log_out, name="logout"),
]
