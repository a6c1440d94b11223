"""The chapters of the page, one file each: `section(findings)` gives its markup."""
