"""Where a request came from."""

import pytest

from tenants import trace

FORWARDED = "203.0.113.9, 198.51.100.7, 192.0.2.1"


@pytest.mark.parametrize(
    ("meta", "proxies", "address"),
    [
        ({"REMOTE_ADDR": "192.0.2.1"}, 0, "192.0.2.1"),
        ({"REMOTE_ADDR": "::1"}, 0, "::1"),
        ({"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": FORWARDED}, 0, "10.0.0.1"),
        ({"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": FORWARDED}, 1, "192.0.2.1"),
        ({"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": FORWARDED}, 2, "198.51.100.7"),
        ({"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.9"}, 2, "10.0.0.1"),
        ({"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": "x' OR 1=1"}, 1, None),
        ({"REMOTE_ADDR": ""}, 0, None),
        ({}, 1, None),
    ],
)
def test_only_our_own_proxies_are_believed(meta, proxies, address):
    assert trace.client_address(meta, proxies) == address
