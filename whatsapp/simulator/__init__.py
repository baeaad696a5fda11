"""A WhatsApp Cloud API on this machine: for the demo, for tests and for training.

It answers the Graph calls that a business makes, sends signed webhooks as Meta does, and shows a
customer's phone at ``/``. It shares no code with the client that talks to it, so that one error
cannot hide the other, and it listens on 127.0.0.1 only. In a test:

    with Simulator(Config.parse({...})).running() as simulator:
        simulator.inbound(phone_number_id="1065", sender="5511988887777", text="Oi!")

The same acts stand as JSON under /simulator/: POST inbound, files, taps, happenings, customers,
clock, settings, retry, verify, templates, numbers, accounts, tokens, signups, reset; GET state,
conversations, messages, webhooks, settings, options, numbers, health.

Everything is deterministic; a fault happens only when a knob (``settings.Settings``) asks for it.
"""

from whatsapp.simulator.config import Config, ConfigError
from whatsapp.simulator.server import Simulator

__all__ = ["Config", "ConfigError", "Simulator"]
