"""Which texts are addresses, and which IP addresses are anybody's on the public internet."""

from ipaddress import ip_address

import pytest

from tenants import addresses
from tenants.addresses import OddAddressError


@pytest.mark.parametrize(
    ("text", "scheme", "host", "port", "target", "netloc"),
    [
        ("https://a.example/x?y=1", "https", "a.example", 443, "/x?y=1", "a.example"),
        ("HTTPS://A.Example", "https", "a.example", 443, "/", "a.example"),
        ("https://a.example.:8443/", "https", "a.example", 8443, "/", "a.example:8443"),
        ("http://a.example/?to=b@c", "http", "a.example", 80, "/?to=b@c", "a.example"),
        ("https://[2606:4700::1]:443/", "https", "2606:4700::1", 443, "/", "[2606:4700::1]"),
    ],
)
def test_an_address_is_taken_apart(text, scheme, host, port, target, netloc):
    address = addresses.parse(text)

    assert (address.scheme, address.host, address.port) == (scheme, host, port)
    assert (address.target, address.netloc) == (target, netloc)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.example",
        "//a.example/",
        "https://",
        "https:///x",
        "https:/a.example",
        "ftp://a.example/",
        "file:///etc/passwd",
        "gopher://a.example/",
        "javascript:alert(1)",
        "https://user@a.example/",
        "https://user:pw@a.example/",
        "https://@a.example/",
        "http://example.com\\@127.0.0.1/",
        "https://a.example\\.evil.example/",
        "https://127.0.0.1#@example.com/",
        "https://a.example/#x",
        "https://a.example/\r\nHost: b.example",
        "https://a.example/\x00",
        "https://a.example/ x",
        "https://a\t.example/",
        "https://①②⑦.⓪.⓪.①/",
        "https://a。example/",
        "https://exämple.com/",
        "https://a.example:0/",
        "https://a.example:99999/",
        "https://a..example/",
        "https://-a.example/",
        "https://[fe80::1%25eth0]/",
        "https://[fe80::1/",
        "https://[nonsense]/",
        f"https://{'a.' * 130}example/",
        f"https://a.example/{'a' * 2000}",
    ],
)
def test_an_odd_text_is_none(text):
    with pytest.raises(OddAddressError):
        addresses.parse(text)


@pytest.mark.parametrize("ip", ["8.8.8.8", "200.160.0.8", "2606:4700:4700::1111", "2804:14c::1"])
def test_anybody_s(ip):
    assert addresses.is_public(ip_address(ip))


@pytest.mark.parametrize(
    "ip",
    [
        "0.0.0.0",
        "0.1.2.3",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.9",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::808:808",
        "::ffff:7f00:1",
        "::ffff:808:808",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:10::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
    ],
)
def test_nobody_s(ip):
    assert not addresses.is_public(ip_address(ip))
