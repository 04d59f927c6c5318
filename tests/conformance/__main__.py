"""Run a folder of conformance cases and report by feature."""

import argparse
import collections
import json
import sys
from pathlib import Path

from tests.conformance import cases

ORDER = ("passed", "refused", "failed")


def main() -> int:
    """Print the verdicts; exit 1 when a case failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="", help="run the cases whose id holds this")
    options = parser.parse_args()
    lines = (options.folder / "cases.jsonl").read_text(encoding="utf-8").splitlines()
    counts: dict[str, collections.Counter[str]] = {}
    for line in lines:
        case = json.loads(line)
        if options.only not in case["id"]:
            continue
        verdict, reason = cases.judge(case, options.folder / "diagrams")
        counts.setdefault(case["feature"], collections.Counter())[verdict] += 1
        if verdict != "passed":
            print(f"{verdict:8} {case['id']}\n         {reason}")
    print(f"\n{'feature':44}{'passed':>8}{'refused':>9}{'failed':>8}")
    for feature, found in sorted(counts.items()):
        print(f"{feature:44}{found['passed']:8}{found['refused']:9}{found['failed']:8}")
    total = sum(counts.values(), collections.Counter())
    print("\n" + ", ".join(f"{verdict} {total[verdict]}" for verdict in ORDER))
    return 1 if total["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
