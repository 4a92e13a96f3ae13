"""The database: tables, rows and values, one repository a noun, and the unit of work."""
