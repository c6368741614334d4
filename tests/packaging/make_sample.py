"""Make the shipped sample from the Complete Journey: ``make_sample.py FOLDER_OF_THE_DATA FOLDER_OF_THE_SAMPLE``.

Every third household of those with demographics, with all that the year holds of it. Nothing is drawn at random, so the
same data gives the same sample. The columns that no sample goal asks for stay behind, for the sake of its size; a
redeemed coupon is given the type of the campaign that it came with, which the data holds with the receipts.
"""

from __future__ import annotations

import csv
import gzip
import io
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

STEP = 3


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", newline="") if path.suffix == ".gz" else path.open(newline="") as file:
        yield from csv.DictReader(file)


def _table(rows: Iterable[dict[str, str]], columns: list[str]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def sample(data: Path) -> dict[str, bytes]:
    """The sample's tables by file name, not yet compressed."""
    people = [row for row in _rows(data / "demographics.csv") if int(row["household_id"]) % STEP == 0]
    chosen = {row["household_id"] for row in people}
    receipts = list(_rows(data / "campaign_receipts.csv"))
    types = {row["campaign_id"]: row["campaign_type"] for row in receipts}
    redemptions = [row | {"campaign_type": types[row["campaign_id"]]} for row in _rows(data / "coupon_redemptions.csv")]
    baskets = _rows(data / "baskets.csv.gz")

    def of_chosen(rows: Iterable[dict[str, str]]) -> Iterator[dict[str, str]]:
        return (row for row in rows if row["household_id"] in chosen)

    return {
        "households.csv": _table(people, list(people[0])),
        "receipts.csv": _table(of_chosen(receipts), ["household_id", "campaign_id", "campaign_type", "received_at"]),
        "redemptions.csv": _table(
            of_chosen(redemptions), ["household_id", "coupon_upc", "campaign_id", "campaign_type", "timestamp"]
        ),
        "baskets.csv": _table(
            of_chosen(baskets), ["household_id", "timestamp", "quantity", "sales_value", "coupon_disc"]
        ),
    }


def main(data: Path, folder: Path) -> None:
    """Write the sample; compressed without a time, so that equal tables are equal files."""
    for name, content in sample(data).items():
        (folder / f"{name}.gz").write_bytes(gzip.compress(content, 9, mtime=0))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
