"""Counts requests per minute, first path segment and status class with DuckDB.

The rival of `lastgood timeline --per 1m --by segment,class --tsv` in `bench speed`; no product code.
The log is read as CSV with a space as delimiter, the fastest of six recipes that we tried with DuckDB 2.0.
Rows go to standard output: minute as logged, segment, first digit of the status, requests.
"""
import sys

import duckdb

files = sys.argv[1:]
columns = "{" + ", ".join(f"'c{i}': 'VARCHAR'" for i in range(10)) + "}"
connection = duckdb.connect()
connection.execute("SET threads = 2")
connection.execute("SET enable_progress_bar = false")
connection.execute(
    f"""
    COPY (
        SELECT substr(c3, 2, 17) AS minute,
               regexp_extract(c5, '^[^/]*/([^/? ]*)', 1) AS segment,
               substr(c6, 1, 1) AS class,
               count(*) AS requests
        FROM read_csv({files!r}, delim = ' ', quote = '"', escape = '"', header = false,
                      auto_detect = false, columns = {columns},
                      ignore_errors = true, strict_mode = false)
        GROUP BY ALL
    ) TO '/dev/stdout' (DELIMITER '\t', HEADER false, QUOTE '')
    """
)
