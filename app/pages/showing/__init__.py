"""How things are called and written for people: values, columns, names of records and stores."""
