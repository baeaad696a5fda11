"""Which host a request came to, and who is asking."""

import pytest
from django.test import Client

from tenants import access, context
from tenants.models import Membership, Tenant
from tenants.services import tenancy

OWN = ["acme.localhost", "ACME.localhost", "acme.localhost.", "acme.localhost:8000", "Acme.LocalHost.:99"]
FOREIGN = ["nobody.localhost", "127.0.0.1", "example.com", "acme.localhost.example.com", "[::1]", "acme"]
MALFORMED = [
    "acme.localhost@evil.com",
    "acme_x.localhost",
    "acme.localhost,globex.localhost",
    "acme.localhost/..",
    "acme。localhost",
    "acme.localhost\\@evil",
]


@pytest.mark.parametrize("host", OWN)
def test_every_spelling_of_the_own_host_leads_to_the_tenant(acme, host):
    response = Client().get("/login/", headers={"host": host})

    assert response.status_code == 200
    assert response.wsgi_request.tenant == acme
