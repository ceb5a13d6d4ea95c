"""Reading Composer."""
