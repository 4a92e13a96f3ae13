"""What one operation may touch: access, loading, paging. Takes and returns domain values."""
