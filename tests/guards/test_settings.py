import re

from tests.guards.source import ROOT, python_files, relative

# Read before Django is there, by the process that has no Django, or by the demo's own start-up.
ENVIRONMENT_READERS = ("config/settings.py", "config/ingest.py", "config/demo/")
READ = re.compile(r"env(?:\.\w+)?\(\s*\"([A-Z_]+)\"")


def test_env_example_lists_exactly_the_variables_that_settings_read():
    read = set(READ.findall((ROOT / "config/settings.py").read_text()))
    listed = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))

    assert read
    assert listed == read


def test_only_settings_read_the_environment():
    offenders = [
        relative(path)
        for path in python_files()
        if re.search(r"\bos\.(environ|getenv)\b", path.read_text())
        and not relative(path).startswith(ENVIRONMENT_READERS)
        and "os.environ.setdefault" not in path.read_text()
        and "simulator" not in relative(path)
    ]
    assert offenders == []
