"""Values and rules: what a record is made of and how two edits of it become one."""
