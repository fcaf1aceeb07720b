"""Fixtures that every kind of test may ask for."""

# A module comes after those it imports: pytest has to see each one before it is imported.
pytest_plugins = [
    "tests.fixtures.examined",
    "tests.fixtures.engines",
    "tests.fixtures.selection",
    "tests.fixtures.databases",
    "tests.fixtures.runtimes",
    "tests.fixtures.worlds",
    "tests.fixtures.clients",
    "tests.fixtures.streams",
]
