"""Where messages wait for the programs that carry them out of the house.

An office connects its text-message gateway and the hotline's system by a directory:
each message is one JSON file there, named by its key, so that a message sent twice
is one file. The program that carries it away moves the file elsewhere.
"""

import hashlib
import os
from pathlib import Path

import orjson

from engine import handlers


def channel(directory: Path) -> handlers.Channel:
    """Return the channel that writes each of its messages into the directory."""

    def carry(message: handlers.Message) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        name = hashlib.sha256(message.key.encode()).hexdigest()[:32]
        target = directory / f"{name}.json"
        draft = directory / f".{name}.{os.getpid()}"
        content = {
            "key": message.key,
            "recipient": message.recipient,
            "payload": dict(message.payload),
        }
        with draft.open("wb") as file:
            file.write(orjson.dumps(content, option=orjson.OPT_INDENT_2))
            file.flush()
            os.fsync(file.fileno())
        # A reader never sees half a message: the name appears when all is written.
        draft.replace(target)

    return carry
