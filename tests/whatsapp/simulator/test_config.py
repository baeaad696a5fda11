import json

import pytest

from tests.whatsapp.simulator.conftest import config_for
from whatsapp.simulator import Config, ConfigError

HERE = "http://127.0.0.1:8000/webhook/whatsapp/"


def test_a_whole_configuration_is_read(tmp_path):
    path = tmp_path / "simulator.json"
    path.write_text(json.dumps(config_for(HERE, port=8100)))

    config = Config.load(path)

    assert (config.port, config.callback_url) == (8100, HERE)
    assert [phone.verified_name for phone in config.phones] == ["Loja Acme", "Clínica Globex"]
    assert config.phones[0].digits == "551140001001"
    assert config.customers[1].name == "João Pereira"


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/x",
        "http://192.168.0.7/x",
        "http://example.com/x",
        "http://localhost.example.com/",
        "ftp://localhost/",
        "http://localhost:99999/",
        "http://[::1",
        "nonsense",
    ],
)
def test_webhooks_may_only_go_to_this_machine(url):
    with pytest.raises(ConfigError, match="webhooks stay local"):
        Config.parse(config_for(url))


@pytest.mark.parametrize("url", ["http://acme.localhost:8000/", "http://[::1]:8000/"])
def test_every_loopback_name_will_do(url):
    assert Config.parse(config_for(url)).callback_url == url


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"port": "8100"}, "port: a number"),
        ({"port": -1}, "port: a number"),
        ({"app_secret": ""}, "app_secret is missing"),
        ({"phones": {}}, "phones: a list"),
        ({"phones": [7]}, r"phones\[0\]: an object"),
        ({"phones": [{"phone_number_id": "1"}]}, r"phones\[0\].waba_id is missing"),
        ({"customers": [{"wa_id": "+55", "name": "A"}]}, r"customers\[0\].wa_id: digits"),
        (
            {"customers": [{"wa_id": "5511987654321", "name": "A", "last_wrote_at": "now"}]},
            "unix seconds",
        ),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(change, sentence):
    with pytest.raises(ConfigError, match=sentence):
        Config.parse(config_for(HERE, **change))


def test_a_number_may_not_stand_there_twice():
    phones = config_for(HERE)["phones"]

    with pytest.raises(ConfigError, match="twice"):
        Config.parse(config_for(HERE, phones=[phones[0], phones[0]]))


@pytest.mark.parametrize("text", ["{", "[]"])
def test_a_file_that_is_no_object_is_refused(tmp_path, text):
    path = tmp_path / "simulator.json"
    path.write_text(text)

    with pytest.raises(ConfigError, match="JSON"):
        Config.load(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        Config.load(tmp_path / "none.json")
