"""What a meeting resolved (议定事项): only what it wants supervised is a matter."""

from processes.supervision import entries

RULE = "R-00-01"


def supervised(given: entries.Entries, key: str) -> list[dict[str, object]]:
    """Return the rows ticked as 督查事项; the others leave no trace in the office.

    Each must say what supervision is to see to, and one at least must be ticked, else
    raise `Invalid`: without any there is nothing to register (R-00-01).
    """
    ticked = []
    for place, row in enumerate(entries.rows(given, key), start=1):
        requirement = entries.optional_text(row, "requirement", longest=2000)
        if entries.flag(row, "supervised"):
            if not requirement:
                message = f"第{place}项勾选了督查事项，请填写督查要求。"
                raise entries.refusal(key, message, rule=RULE)
            ticked.append(dict(row))
        elif requirement:
            message = f"第{place}项填了督查要求，请勾选督查事项。"
            raise entries.refusal(key, message, rule=RULE)
    if not ticked:
        message = "没有勾选督查事项的，不产生督查事项，无须登记。"
        raise entries.refusal(key, message, rule=RULE)
    return ticked
