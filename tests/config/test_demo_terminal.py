import os
import signal
import sys

import pytest

from config.demo import terminal


def test_a_line_said_during_a_step_stands_by_itself(capsys) -> None:
    with terminal.step("starting web"):
        terminal.say("web stopped")
    with terminal.step("starting worker"):
        pass
    with pytest.raises(KeyError), terminal.step("starting sweeper"):
        raise KeyError
    terminal.say("end")
    shown = capsys.readouterr().out
    assert shown.replace("0.0", "#") == (
        "  starting web ...\nweb stopped\n  starting web: # s\n"
        "  starting worker ... # s\n  starting sweeper ...\nend\n"
    )


def test_a_closed_terminal_is_noticed(monkeypatch) -> None:
    ours, theirs = os.openpty()
    with os.fdopen(theirs, "w") as stdout:
        monkeypatch.setattr(sys, "stdout", stdout)
        closed = terminal.hangup()
        assert not closed()
        os.close(ours)
        assert closed()
        terminal.say("nobody reads this")


def test_a_closed_terminal_does_not_matter_under_nohup(monkeypatch) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    ours, theirs = os.openpty()
    try:
        with os.fdopen(theirs, "w") as stdout:
            monkeypatch.setattr(sys, "stdout", stdout)
            closed = terminal.hangup()
            os.close(ours)
            assert not closed()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_broken_pipe_stops_nothing(monkeypatch) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    with os.fdopen(theirs, "w") as stdout:
        monkeypatch.setattr(sys, "stdout", stdout)
        assert not terminal.hangup()()
        terminal.say("nobody reads this")
        terminal.say("nor this")
