"""The office of the engine's own tests."""

from tests.engine import conftest

office = conftest.office
