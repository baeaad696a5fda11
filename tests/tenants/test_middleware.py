"""Which host a request came to, and who is asking."""

import pytest
from django.test import Client
from django.urls import path

from tenants import context, selectors
from tenants.models import Domain, Membership, Tenant
from tenants.services import tenancy

OWN = [
    "acme.localhost",
    "ACME.localhost",
    "acme.localhost.",
    "acme.localhost:8000",
    "Acme.LocalHost.:99",
]
FOREIGN = [
    "nobody.localhost",
    "127.0.0.1",
    "example.com",
    "acme.localhost.example.com",
    "x.acme.localhost",
    "[::1]",
    "acme",
    "acme.localhost..",
    f"{'a' * 300}.localhost",
]
MALFORMED = [
    "acme.localhost@evil.example",
    "acme_x.localhost",
    "acme.localhost,globex.localhost",
    "acme.localhost/..",
    "acme。localhost",
    "acme.localhost\\@evil.example",
    "",
    " ",
    "acme.localhost:port",
]
UNTRUSTED = ["X-Forwarded-Host", "X-Host", "Forwarded", "X-Tenant-Id", "X-Original-URL"]


@pytest.mark.parametrize("host", OWN)
def test_every_spelling_of_the_own_host_leads_to_the_tenant(acme, host):
    response = Client().get("/login/", headers={"host": host})

    assert response.status_code == 200
    assert response.wsgi_request.tenant == acme


@pytest.mark.parametrize("host", FOREIGN)
def test_a_host_that_is_nobodys_is_not_found(acme, host):
    response = Client().get("/login/", headers={"host": host})

    assert response.status_code == 404
    assert b"acme" not in response.content


@pytest.mark.parametrize("host", MALFORMED)
def test_a_host_that_is_no_name_is_refused(acme, host):
    response = Client().get("/login/", headers={"host": host})

    assert response.status_code in (400, 404)


@pytest.mark.parametrize("header", UNTRUSTED)
def test_no_other_header_names_the_host(acme, globex, header):
    client = Client(SERVER_NAME="acme.localhost")
    response = client.get("/login/", headers={header: "globex.localhost"})

    assert response.wsgi_request.tenant == acme


def test_the_public_host_has_no_tenant_and_no_tenant_pages(acme):
    response = Client(SERVER_NAME="localhost").get("/login/")

    assert response.status_code == 404


def test_the_console_is_not_on_a_tenants_host(page):
    assert Client(SERVER_NAME="acme.localhost").get("/admin/").status_code == 404
    assert page("admin@acme.test").get("/admin/login/").status_code == 404


@pytest.mark.parametrize(
    ("status", "code"),
    [("PROVISIONING", 503), ("BROKEN", 503), ("CANCELLED", 404), ("SUSPENDED", 200)],
)
def test_the_tenants_status_is_read_with_every_request(acme, status, code):
    client = Client(SERVER_NAME="acme.localhost")
    assert client.get("/login/").status_code == 200
    with context.platform():
        Tenant.objects.filter(pk=acme.pk).update(status=status)

    response = client.get("/login/")

    assert response.status_code == code
    assert (response.get("Retry-After") is not None) == (code == 503)


def test_an_unserved_page_speaks_the_visitors_language_and_asks_nothing_of_the_tenant(acme):
    with context.platform():
        Tenant.objects.filter(pk=acme.pk).update(status="BROKEN")

    response = Client(SERVER_NAME="acme.localhost").get(
        "/inbox/", headers={"accept-language": "pt-BR"}
    )

    assert response.status_code == 503
    assert 'lang="pt-br"' in response.content.decode()


def test_an_unknown_host_is_answered_in_the_visitors_language(acme):
    response = Client(SERVER_NAME="nobody.localhost").get(
        "/inbox/", headers={"accept-language": "pt-BR"}
    )

    assert response.status_code == 404
    assert "Não há nenhuma conta neste endereço" in response.content.decode()


def test_suspension_stops_changes_at_once_and_leaves_reading(page, acme):
    admin = page("admin@acme.test")
    tenancy.suspend_tenant(actor=None, tenant=acme)

    read = admin.get("/inbox/")
    write = admin.post("/inbox/1/reply", {"text": "hi"})

    assert read.status_code == 200
    assert write.status_code == 403
    assert "suspended" in write.content.decode()


def test_a_removed_membership_ends_the_session_at_once(page, people, acme):
    ana = page("ana@acme.test")
    assert ana.get("/inbox/").status_code == 200
    with context.platform():
        Membership.objects.get(user=people["ana@acme.test"], tenant=acme).delete()

    response = ana.get("/inbox/")

    assert response.status_code == 302
    assert response["Location"] == "/login/?next=%2Finbox%2F"


def test_a_session_of_acme_is_anonymous_on_globex(page, globex):
    ana = page("ana@acme.test")

    there = ana.get("/inbox/", SERVER_NAME="globex.localhost")

    assert there.status_code == 302
    assert there["Location"].startswith("/login/")
    assert ana.get("/inbox/").status_code == 200


def test_a_session_of_acme_is_anonymous_on_globex_even_for_a_member_of_both(page, people, globex):
    with context.platform():
        Membership.objects.create(user=people["ana@acme.test"], tenant=globex, role="ADMIN")

    response = page("ana@acme.test").get("/inbox/", SERVER_NAME="globex.localhost")

    assert response.status_code == 302


def test_a_session_of_a_tenant_is_anonymous_on_the_public_host(page, people, acme):
    with context.platform():
        Membership.objects.create(user=people["admin@balcao.test"], tenant=acme, role="ADMIN")
    client = Client(SERVER_NAME="acme.localhost")
    client.post("/login/", {"email": "admin@balcao.test", "password": "demo"})
    assert client.get("/inbox/").status_code == 200

    response = client.get("/admin/", SERVER_NAME="localhost")

    assert response.status_code == 302
    assert response["Location"].startswith("/admin/login/")


def test_a_session_without_a_binding_is_anonymous_everywhere(people, acme):
    client = Client(SERVER_NAME="acme.localhost")
    with context.platform():
        client.force_login(people["ana@acme.test"])

    assert client.get("/inbox/").status_code == 302
    assert client.get("/admin/", SERVER_NAME="localhost")["Location"].startswith("/admin/login/")


def test_every_answer_carries_an_id_and_a_strangers_id_is_not_taken(acme, settings):
    client = Client(SERVER_NAME="acme.localhost")

    own = client.get("/login/", headers={"x-request-id": "chosen-by-a-stranger"})
    settings.TRUSTED_PROXY_COUNT = 1
    proxied = client.get("/login/", headers={"x-request-id": "given-by-the-proxy"})

    assert len(own["X-Request-Id"]) == 32
    assert proxied["X-Request-Id"] == "given-by-the-proxy"


def test_a_log_line_says_nothing_of_the_query(acme, caplog):
    caplog.set_level("INFO", logger="tenants.requests")
    Client(SERVER_NAME="acme.localhost").get("/login/?next=/inbox/?search=maria")

    assert "/login/ 200" in caplog.text
    assert "maria" not in caplog.text


def test_a_request_leaves_every_schema_even_when_its_view_fails(acme, settings):
    settings.ROOT_URLCONF = __name__
    client = Client(SERVER_NAME="acme.localhost", raise_request_exception=False)

    assert client.get("/fails").status_code == 500
    assert context.current_schema() == "nowhere"


def _fail(request):
    assert context.current_schema() == "t_acme"
    raise ZeroDivisionError


urlpatterns = [path("fails", _fail)]


def test_a_host_is_looked_up_once_and_the_tenant_every_time(acme, django_assert_num_queries):
    selectors.hosts.forget()
    with django_assert_num_queries(4):  # each with a SET search_path of its own
        selectors.tenant_by_host("acme.localhost")
    with django_assert_num_queries(2):
        selectors.tenant_by_host("acme.localhost")
    selectors.tenant_by_host("nobody.localhost")
    with django_assert_num_queries(0):
        assert selectors.tenant_by_host("nobody.localhost") is None


def test_a_cached_host_of_a_tenant_that_is_gone_leads_nowhere(db, acme, globex):
    selectors.hosts.forget()
    with context.platform():
        domain = Domain.objects.create(domain="extra.example.com", tenant=globex)
        assert selectors.tenant_by_host("extra.example.com") == globex
        domain.delete()
    selectors.hosts.forget()

    assert selectors.tenant_by_host("extra.example.com") is None


def test_invented_hosts_do_not_fill_the_memory(db, monkeypatch):
    monkeypatch.setattr(selectors, "HOSTS_MAX", 10)
    selectors.hosts.forget()
    for number in range(50):
        selectors.tenant_by_host(f"invented-{number}.localhost")

    assert len(selectors.hosts._places) <= 10


@pytest.mark.parametrize("path", ["/inbox/", "/login/", "/nowhere/"])
@pytest.mark.parametrize("key", [r"\000" + "a" * 31, "a" * 5000], ids=["nul", "long"])
def test_a_cookie_that_is_no_session_key_is_nobodys(acme, path, key):
    browser = Client(SERVER_NAME="acme.localhost", headers={"cookie": f'session="{key}"'})

    response = browser.get(path)

    assert response.status_code in (200, 302, 404)
    assert response.wsgi_request.actor is None


def test_one_signs_in_in_spite_of_a_cookie_that_is_no_session_key(people):
    browser = Client(SERVER_NAME="acme.localhost", headers={"cookie": r'session="\000aaaaaaaaa"'})

    response = browser.post("/login/", {"email": "ana@acme.test", "password": "demo"})

    assert (response.status_code, response["Location"]) == (302, "/inbox/")


def test_names_that_are_too_long_for_dns_are_not_remembered(acme):
    selectors.hosts.forget()

    assert selectors.tenant_by_host("a" * 254) is None
    assert selectors.hosts.get("a" * 254) is None
    assert selectors.tenant_by_host("a" * 253) is None
    assert selectors.hosts.get("a" * 253) is not None
